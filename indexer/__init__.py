"""Turn folders of photos into a library that can be searched: scan, decode, encode, store, find."""
