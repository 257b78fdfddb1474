"""On which file system a folder lies."""

from pathlib import Path

from indexer.mounts import Mount, MountTable, concerning, is_share, mounts, read_linux, read_mac

DISK = Mount("/", "ext4", "8:1 /dev/sda1", False)
MAC = """/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
/dev/disk5s2 on /Volumes/Pictures (2019) (exfat, local, nodev, nosuid, read-only, noowners)
//me@nas._smb._tcp.local/photos on /Volumes/photos (smbfs, nodev, nosuid, mounted by me)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
"""
LINUX = """23 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 23 0:45 / /home/me/nas rw,relatime shared:9 - cifs //nas/photos rw
41 23 0:46 / /home/me/phone rw shared:10 - fuse.jmtpfs jmtpfs rw
42 23 8:33 / /media/me/CARD\\0401 rw shared:11 - fuseblk /dev/sdc1 rw
"""


def test_a_macs_own_word_for_local_is_taken() -> None:
    shares = {one.point: one.is_share for one in read_mac(MAC)}
    assert shares["/"] is False
    assert shares["/Volumes/Pictures (2019)"] is False
    assert shares["/Volumes/photos"] is True


def test_shares_and_other_peoples_programs_are_told_from_drives() -> None:
    shares = {one.point: one.is_share for one in read_linux(LINUX)}
    assert shares == {
        "/": False,
        "/home/me/nas": True,
        "/home/me/phone": True,
        "/media/me/CARD 1": False,
    }


def test_the_nearest_mount_decides_and_the_later_one_hides_the_earlier() -> None:
    share = Mount("/mnt", "cifs", "//nas/p", True)
    drive = Mount("/mnt", "exfat", "8:17 /dev/sdb1", False)
    inner = Mount("/mnt/photos/in", "nfs", "nas:/in", True)
    assert is_share(Path("/mnt/photos"), (DISK, share))
    assert not is_share(Path("/mnt/photos"), (DISK, share, drive, inner))
    assert not is_share(Path("/mntx"), (DISK, share))
    assert concerning(Path("/mnt/photos"), (DISK, share, inner)) == (inner, share)
    assert concerning(Path("/mnt"), ()) == ()


def test_this_machine_has_a_root_that_is_no_share() -> None:
    table = mounts()
    assert any(one.point == "/" for one in table)
    real = MountTable()
    assert real.read() == table
    assert not real.has_changed() or not real.has_changed()
    real.close()
