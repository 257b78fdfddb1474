"""Names of places that are words as well: in lower case they are taken for the words.

Gazetteers hold towns called Snow, Green, Front and Bath. Gathered from names that captions of
photos write in lower case more often than not, without those that are places first of all.
"""

# What photos show, or how people go on behind "in", "at", "near" and "from".
_NEVER = """
    abbey above abs advance airport albino all along alpine altar amber americana anchovy anger
    angles antelope anthem antlers ape apex apples april arame arcade arch archer arches archway
    arena argyle armour arms aroma aromas around ash asiago ask august autumn awe back bacon
    badger bag bail bake baker balaclava bale ball ballast balm bamboo banana band bangs banks
    bar barber barge bark barking basin bath bathroom batman battle bay beach beacon bear beaver
    bed bedroom bee beers behind beige bell bellflower bells below bend berry best bid biking
    bishop bison black blades blanco bland blender bloom blossom blue bluff bolo bombe bonito
    boom boot boots bore born borne bot boulder bourbon bow box bra branch brand bras bread
    bride bridge brie bright brilliant brown browning brush bulbul bulls burns burst butte
    butter butterfly buy cacao cache cactus cafe calcium camo canals cane canna canon caraway
    carbonate cardigan carnation carpenter cars cascade cash cashmere casino casinos cassis cast
    cave cayenne celebration center central centre century chamber champion chaparral chard
    chase cheddar cheese chilly chinchilla chop chore church circa circle circles citrus city
    clay clever clouds clover coats cobb cockatoo cocoa cognac college collie columbine combine
    comfort commerce communal concession convent converse convoy cook cool cooling coral cordon
    cornish corral costume cot cottage couches countryside court cove coyote crane crater cream
    crema crescent crest cricket crook crystal cube curry cut cyan damp dark dashi date dawn day
    deal defiance delta denim deposit derby desert diamond die different dirt dole dollar dome
    don downtown drain drew driver dry duffel dulce dusk dust dusty early earth eclectic economy
    eden effort egg emblem emerald energy engineer enterprise era evergreen experiment eye
    fairway fall falls fare farmland fascia fashion feather federal fell ferns field fire fleet
    flight flint flora flowers flushing focus fog force forest forks forrest forth fossil
    fountain freedom fresco freshwater friday friend friendly front fry fully fur gallo gaming
    gang gap garden garland garnet gateway gay general gibbon gibbons give glass glasses glide
    globe gloves goes going gold golden gondola gorgonzola gouda grabs grain grand grandson
    granite grass grave gray grays green grenade grill grins grove half halfway halls ham hand
    hands harbor hard harvest hat hatch hay hayfield hazard healing heaven heel helper hem herby
    here highlands hill hillside hinges hobo holder hole holiday holly home hometown hominy
    honey hook hooker hooks hope horn hospital hot hotel house hunt hunter hurry hurt ice
    imperial independence indigo industry ink inside isle ivory jam jeans job july junction june
    justice kale kill kiln king kissing kitchen lace laces lake lakes lakeshore lakeside landing
    landmark lap lapel larva lattes lavender law lead leader leaf leather left lei lend lens
    lever licking lido light limestone limit line list lit lively llama locking log logo long
    loss lot love loving loyal luck lug lure luster mache made magenta magnolia maillot maize
    male mallow mama man manage mane manga mango mantel many maraca marathon march margarita
    margaritas marina marines maritime mark marker market marks mascara mascot mason matador may
    meadows media mercury mermaid metal metropolis middle midfield midway mignon miles milk mill
    millet mills mine minor mission mist mocha mojo mold mole monday mono monster monument moss
    most motion mound mounds mountain mountainside mouth much mud naval nave need needles neo
    never night nine noble none noon normal northeast oar oasis oblong ocean oceanside office
    officer oil open opera opportunity oral orange order oriental otter outer outside over pace
    pack page paisley pale panna panorama pant papaya paper parachute paradise parchment park
    parks particular pasta peace pearl peculiar peel peer pen pencil penguin penne perches
    pergola petal petting piano pieces pierce pigeon piles pill pinch pine pines pink pinto
    pioneer pita placer plain plains plan planes plantation plate plateau pleasant plenty plum
    plunge police poll polo polos pong pool pop porcupine portobello poses post postal pouch
    pout pray price private progress public puck punch purchase purple queens rain rainbow rake
    rapids real red redhead republic research reserve reservoir restaurant retreat reunion rice
    rich ridge rifle right rind ringlet ripe river riverbank rivers riverside robe rock rode
    rodeo romaine root rose roses rot rows rude rugby ruins rum rush rust rustic rye sabres
    saints sake salad sale sales salmon salon salt same sand sandstone sandwich sandy sari sauce
    savoy say scenic school scissors scone scratch sea sector see sells semi send serrano shade
    shadow shaft shamrock shape shaping share shell shields shoes shop shoreline side silk silly
    silver simmering siren sisters skatepark ski sky sleep smoke snow snowflake soba solo son
    song sort soup southern soy spa space sparks speed spitz spring springs stains stall staples
    star station steam sterling still stock stone store storm strand strawberry stream street
    strong strum sturgeon style success sulphur summer summit sunday sundown sunflower
    sunglasses sunrise sunset sunshine superior surprise swan sway swords talent tame tangerine
    tank tapes tapping tar tarp tea tears temple tequila terrace them there thermal thorn tiling
    till time tire tires tit titi toast toga tool top tower town trail train trainer trees
    triangle trim trip trooper trouble tuba tubas tumble tundra tune tunes turquoise tux twist
    tyre uniform university used valley van various vary vice villa village vineyard violet
    vista volcano wade wake wall walls walnut war ward ware warrior water waterways ways weaver
    wedding weed welcome well wheeler wheeling white whitefish whitewater wick wilderness willow
    wind wines wing wink winner winter winters wise wood woodland woodlands woods wool work
    worms worth wrist yam yellow young zone
"""
NEVER = frozenset(_NEVER.split()) | {
    "falling water",
    "national park",
    "old city",
    "north shore",
    "cold lake",
    "mountain view",
}

# Places that are asked for in lower case too, where no noun follows: not "in nice clothes".
_SELDOM = (
    "nice turkey china chile jersey reading mobile cork split hull wells buffalo windsor guinea"
    " medina corona concord java cologne georgia orleans phoenix victoria hamburg frankfurt"
)
SELDOM = frozenset(_SELDOM.split())

# Never by themselves, not even with a capital: North America is no part of North.
_COMPASS = "north south east west central northern southern eastern western christmas easter"
COMPASS = frozenset(_COMPASS.split())

# What is a place behind "the", in lower case too.
_DEFINITE = (
    "netherlands philippines bahamas maldives seychelles gambia congo vatican algarve hague bronx"
    " alps dolomites pyrenees andes himalayas rockies caribbean azores canaries hebrides highlands"
    " us usa uk uae"
)
DEFINITE = frozenset(_DEFINITE.split()) | {
    *("united states", "united kingdom", "united arab emirates", "czech republic"),
    *("dominican republic", "faroe islands", "canary islands", "lake district", "isle of man"),
}
