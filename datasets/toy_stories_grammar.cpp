// SPDX-License-Identifier: GPL-3.0-or-later
// The grammar of the built-in stories. Its notation is explained in docs/toy-stories.md.

#include "datasets/toy_stories.h"

namespace wavlab {

// What can happen; lines that start with '#' are comments of the grammar.
static constexpr char toy_story_rules[] = R"grammar(
:story
|<opening> <hero=person> the <hero_trait=trait> <hero_kind=animal> <walked> the <place=place>.<scene><meeting><mood><plot><second_plot><ending>\n\n

:opening
4|One <weather=weather> <time=time>,
2|Once upon a <weather=weather> <time=time>,
2|It was a <weather=weather> <time=time> when
1|On a very <weather=weather> <time=time>,
1|Long ago, on a <weather=weather> <time=time>,

:walked
4|walked to
4|went to
3|ran to
2|came to
2|hurried to
1|hopped to
1|skipped to
1|rode to

:scene
2|
2| It was <mild> and <scent> there.
2| There were <number> <size> <colour> <plant>s.
1| A <size> <colour> <plant> stood <spot>.
1| The air smelled of <scent_source> and <fruit>s.

:meeting
4| There {hero.subject} met <friend=person/hero> the <friend_trait=trait/hero_trait> <friend_kind=animal/hero_kind>.
3| <friend=person/hero>, a <friend_trait=trait/hero_trait> <friend_kind=animal/hero_kind>, was <activity> there.
2| {^hero.possessive} friend <friend=person/hero> the <friend_trait=trait/hero_trait> <friend_kind=animal/hero_kind> came along.
2| "Hello!" called a <friend_trait=trait/hero_trait> <friend_kind=animal/hero_kind> named <friend=person/hero>.

:mood
3|
2| The {weather.noun} made {hero} {weather.effect}.
2| {friend} was {weather.effect} because of the {weather.noun}.
1| They both felt {weather.effect}.

:plot
3|\n<plot_lost>
2|\n<plot_trade>
2|\n<plot_fruit>
2|\n<plot_race>
3|\n<plot_presents>
2|\n<plot_shelter>
2|\n<plot_repair>
2|\n<plot_secret>
3|\n<plot_journey>
2|\n<plot_wishes>

:second_plot
2|
1|\nThe next <next_time=time/time>, they met again near the <place=place/place>.<plot>

# What else happens: any number of sentences that nothing depends on.
:aside
3|
5| <aside_event><aside>

:aside_event
3|<somebody> <did> a <size> <colour> <object> <spot>.
2|A <size> <colour> <creature> <passed>.
3|<person/hero/friend/third/fourth/rival> the <trait> <animal> <waved>.
2|They saw <number> <colour> <creature>s <spot>.
1|{hero} felt <feeling> and {friend} felt <feeling>.
1|They sang about a <trait> <animal> and a <colour> <creature>.
1|"<exclamation>, a <size> <object>!" <said> {friend} <manner>.

:somebody
3|{hero}
3|{friend}
2|A <trait> <animal>
1|Some <relative>

:object
3|<thing>
2|<small_thing>
1|<fruit>
1|<container>

# Something is lost: the hiding place is told first and found later.
:plot_lost
|{hero} had a <size=size> <colour=colour> <thing=thing>, a present from {hero.possessive} <relative=relative>.<aside> But <moment> <loss>. "Where is my {colour} {thing}?" <cried> {hero}.<search> <*friend_trait.tell>

:loss
3|it was gone
2|a <creature> took it away
2|{hero} dropped it
1|the <wind_word> carried it off

:search
3|
2| {^hero.subject} looked <spot=spot>, but it was not there.
1| {^hero.subject} looked <spot=spot> and then <spot=spot/spot>, but found only a <colour> <small_thing>.

:tell_truth
3|"I saw it <spot=spot>," <said> {friend} <manner>. They looked {spot}, and there was the {size} {colour} {thing}! {hero} {thing.used} the {thing} and <hugged> {friend}.
1|"Your {relative} has it," <said> {friend} <manner>. They asked {hero.possessive} {relative}, and {hero} got the {size} {colour} {thing} back.

:tell_trick
2|"I saw it <spot=spot>," <said> {friend} <manner>. But {spot} there was only a <colour> <small_thing>. {friend} <had_hidden> the {size} {colour} {thing} <spot=spot/spot>! "Say sorry," <said> {hero}, and {friend} did.
1|"I took it," <said> {friend} <manner>, and pointed. The {size} {colour} {thing} was <spot=spot>. {friend} gave it back.

:tell_help
2|"Let us look together," <said> {friend} <manner>. They looked <spot=spot>, <spot=spot/spot> and at last <found_where>. {hero} {thing.used} the {thing} until <evening>.
1|"Do not cry," <said> {friend} <manner>. "You can have my <size=size> <colour=colour/colour> <thing=thing/thing>." So {hero} {thing.used} the {size} {colour} {thing} until <evening>.

:found_where
3|near the {place}, and there it was
1|in the {friend_kind.home}, and there it was

:had_hidden
1|had hidden
1|had put

# A trade: what each of them owns changes hands, or not, by the friend's trait.
:plot_trade
|{hero} brought a <colour=colour> <thing=thing> and {friend} brought a <colour2=colour/colour> <thing2=thing/thing>. "I want to {thing2.use} your {thing2}," <said> {hero} <manner>. "Will you take my {thing}?"<aside> <*friend_trait.trade>

:trade_yes
4|"Yes," <said> {friend}. So {friend} took the {colour} {thing} and {hero} took the {colour2} {thing2}. {hero} {thing2.used} the {thing2} and {friend} {thing.used} the {thing}.
1|"Not today," <said> {friend}, "but we can share." They {thing.used} the {thing} and then they {thing2.used} the {thing2}.

:trade_no
3|"No," <said> {friend}. "The {thing2} is mine." So {hero} kept the {colour} {thing} and {friend} kept the {colour2} {thing2}. {hero} <sulked>.
1|"Only for <number=number> <fruit=fruit>s too," <said> {friend}. {hero} gave {friend.object} the {thing} and {number} {fruit}s, and {thing2.used} the {colour2} {thing2}.

:sulked
1|went away
1|felt sad
1|did not mind
1|sat down

# Counting: a few are given away or found, and the rest is said.
:plot_fruit
|{hero} had <number=number> <colour> <fruit=fruit>s in a <container=container>.<aside> <fruit_event><fruit_more>

:fruit_event
3|{friend} was hungry, so {hero} gave {friend.object} one. Now there were {number.less} {fruit}s in the {container}.
2|A <creature> stole one {fruit}. Now there were only {number.less} {fruit}s in the {container}.
2|{friend} found one more {fruit} <spot>. Now there were {number.more} {fruit}s in the {container}.
1|{friend} put <number2=number> <fruit2=fruit/fruit>s in it too. Now the {container} held {number} {fruit}s and {number2} {fruit2}s.

:fruit_more
2| They took the {container} to {hero.possessive} <relative=relative>, who baked a {fruit} <cake=cake>. The {cake} was <taste>.
1| {friend} liked {friend_kind.food} better than {fruit}s.
1| They hid the {container} <spot> for the <season>.

# A race between three: the order of arrival decides about the prize.
:plot_race
|Then <rival=person/hero/friend> the <rival_trait=trait/hero_trait/friend_trait> <rival_kind=animal/hero_kind/friend_kind> came. "Let us race to the <goal=place/place>!" <cried> {rival}.<aside> They ran <pace>. <race_result> The prize was a <colour=colour> <thing=thing>, and {first} took it home. {^first.subject} {thing.used} the {thing} all <season>.

:race_result
2|{hero}[first=hero] was first, <race_second_hero>.
2|{friend}[first=friend] was first, <race_second_friend>.
2|{rival}[first=rival] was first, <race_second_rival>.
1|{rival} fell over a <small_thing>, so {hero}[first=hero] won and {friend} was second.
1|The <weather_noun> slowed {hero} down, so {friend}[first=friend] won and {rival} was second.

:race_second_hero
1|{friend} was second and {rival} was last
1|{rival} was second and {friend} was last

:race_second_friend
1|{hero} was second and {rival} was last
1|{rival} was second and {hero} was last

:race_second_rival
1|{hero} was second and {friend} was last
1|{friend} was second and {hero} was last

# A birthday: who gave what is asked for again at the end.
:plot_presents
|It was {hero}'s birthday. {friend} brought a <size=size> <colour=colour> <thing=thing>. <third=person/hero/friend> the <third_kind=animal/hero_kind/friend_kind> brought a <size2=size/size> <colour2=colour/colour> <thing2=thing/thing>. <fourth=person/hero/friend/third> the <fourth_kind=animal/hero_kind/friend_kind/third_kind> brought a <size3=size/size/size2> <colour3=colour/colour/colour2> <thing3=thing/thing/thing2>.<aside> They ate <taste> <cake=cake> and <played>. <present_first><present_second>

:present_first
1|First {hero} {thing.used} the {thing} from {friend}.
1|First {hero} {thing2.used} the {thing2} from {third}.
1|First {hero} {thing3.used} the {thing3} from {fourth}.

:present_second
2|
1| At night {hero} put the {size} {colour} {thing} <spot>.
1| At night {hero} put the {size2} {colour2} {thing2} <spot>.
1| At night {hero} put the {size3} {colour3} {thing3} <spot>.

# Weather drives them into a home, and every animal has its own home and food.
:plot_shelter
|Soon there was <so_much> <weather_noun=weather_noun>. "We must go inside," said <shelter>

:shelter
2|{hero}. They ran to {hero}'s {hero_kind.home}.<aside> Inside they ate {hero_kind.food} and <drank>. {friend} told of <tale>. When the {weather_noun} was over, {friend} thanked {hero}.
2|{friend}. They ran to {friend}'s {friend_kind.home}.<aside> Inside they ate {friend_kind.food} and <drank>. {hero} told of <tale>. When the {weather_noun} was over, {hero} thanked {friend}.

:tale
|a <trait> <animal> that <did> a <size> <colour> <object><tale_more>

:tale_more
2|
3| and a <trait> <animal> that <did> a <size> <colour> <object><tale_more>

# Something is broken: a tool is named, fetched and used.
:plot_repair
|They saw that the <broken=broken> was <damage=damage>. "<mender>

:mender
2|I can mend it with my <tool=tool>," <said> {hero} <manner>. {friend} ran to the {hero_kind.home} and came back with the {tool} and <number> <material=material>s.<aside> {hero} used the {tool} and {friend} held the {material}s. Soon the {broken} was not {damage} any more.<reward>
2|I can mend it with my <tool=tool>," <said> {friend} <manner>. {hero} ran to the {friend_kind.home} and came back with the {tool} and <number> <material=material>s.<aside> {friend} used the {tool} and {hero} held the {material}s. Soon the {broken} was not {damage} any more.<reward>
1|My <relative=relative> has a <tool=tool>," <said> {hero} <manner>. The {relative} came with the {tool} and mended the {broken}.<reward>

:reward
2|
1| For that they got <number> <fruit>s.
1| A <size> <animal> <thanked> them for the {broken}.

# A secret: kept or not, by the friend's trait.
:plot_secret
|"Listen," <whispered> {hero}. "I hid a <size=size> <colour=colour> <thing=thing> <spot=spot>. Do not tell <third=person/hero/friend>!"<aside> Later {third} the <third_kind=animal/hero_kind/friend_kind> asked {friend} about it. <*friend_trait.secret>

:secret_kept
3|{friend} only <kept_quiet>. The {size} {colour} {thing} stayed {spot}, and {hero} gave {friend} <number> <fruit>s.
1|{friend} said it was <spot=spot/spot>. {third} looked there and found only a <colour> <small_thing>.

:secret_told
3|{friend} told {third.object} the secret. {third} looked {spot} and found the {size} {colour} {thing}. {third} {thing.used} it, and {hero} was <upset>.
1|{friend} said nothing, but looked {spot}. So {third} found the {size} {colour} {thing}. "It belongs to {hero}," <said> {friend}.

:kept_quiet
1|smiled
1|hummed
1|yawned
1|shook {friend.possessive} head

# A bag is packed, and one of the things in it is what helps later.
:plot_journey
|They packed a <size=size> <thing=thing>, a <colour2=colour> <thing2=thing/thing>, <number> <fruit=fruit>s and a <tool=tool> and went to the <goal=place/place>.<aside> <journey_use>

:journey_use
2|There {hero} {thing.used} the {size} {thing} and {friend} {thing2.used} the {colour2} {thing2}.
2|There {friend} {thing.used} the {size} {thing} and {hero} {thing2.used} the {colour2} {thing2}.
2|There they gave the {fruit}s to <person=person/hero/friend> the <trait> <animal>, who <thanked> them.
2|There a <size> <broken=broken> was <damage>, and {hero} mended it with the {tool}.

# Wishes: what somebody likes is said first and given later.
:plot_wishes
|"What do you like?" <said> {hero} <manner>. "I like <colour=colour> <thing=thing>s," <said> {friend}, "but no <fruit=fruit>s." "And I like <size2=size> <thing2=thing/thing>s," <said> {hero}, "but no <animal=animal>s."<aside> <wish_come_true>

:wish_come_true
2|On {friend}'s birthday {hero} brought a {colour} {thing} and no {fruit}s. {friend} {thing.used} it at once.
2|On {hero}'s birthday {friend} brought a {size2} {thing2}. {hero} {thing2.used} it at once.
1|Then a <size> {animal} came, and {hero} ran away.
1|Then they saw a {colour} {thing} <spot>, and {friend} {thing.used} it.
1|{hero} ate <number> {fruit}s then, and {friend} ate {friend_kind.food}.

:ending
3|\nIn the evening {hero} went back to the {hero_kind.home} and {friend} to the {friend_kind.home}.
2|\n{friend} said, "You are a {hero_trait} {hero_kind}," and {hero} <laughed>.
2|\n{hero} said, "You are a {friend_trait} {friend_kind}," and {friend} <laughed>.
2|\nThat night {hero} ate {hero_kind.food} and dreamed of <tale>.
2|\nSince that {weather} {time}, {hero} and {friend} have been <bond>.
2|\n{hero} learned that it is good to be <virtue>.
)grammar";

// The words it happens with.
static constexpr char toy_story_words[] = R"grammar(
:person subject object possessive
3|Mia|she|her|her
3|Tom|he|him|his
3|Lily|she|her|her
3|Ben|he|him|his
2|Anna|she|her|her
2|Max|he|him|his
2|Sue|she|her|her
2|Sam|he|him|his
2|Ruby|she|her|her
2|Jack|he|him|his
2|Nora|she|her|her
2|Finn|he|him|his
1|Ella|she|her|her
1|Hugo|he|him|his
1|Lucy|she|her|her
1|Oscar|he|him|his
1|Rose|she|her|her
1|Theo|he|him|his
1|Zoe|she|her|her
1|Leo|he|him|his
1|Ivy|she|her|her
1|Noah|he|him|his
1|Poppy|she|her|her
1|Gus|he|him|his

:animal home food
1|fox|den|grapes
1|rabbit|burrow|carrots
1|bear|cave|honey
1|mouse|hole|cheese
1|cat|basket|fish
1|dog|kennel|bones
1|squirrel|tree|acorns
1|duck|pond|bread
1|frog|puddle|flies
1|hedgehog|hedge|snails
1|beaver|lodge|bark
1|goat|barn|hay
1|pig|sty|turnips
1|horse|stable|oats
1|badger|sett|roots
1|mole|tunnel|worms
1|turtle|shell|lettuce
1|hen|coop|corn
1|lion|palace|stew
1|monkey|jungle|bananas
1|penguin|igloo|herring
1|camel|tent|thorns
1|seal|bay|crabs
1|panda|grove|bamboo
1|wolf|ravine|meat

:trait tell trade secret
1|kind|tell_help|trade_yes|secret_kept
1|brave|tell_truth|trade_yes|secret_kept
1|clever|tell_truth|trade_no|secret_kept
1|shy|tell_truth|trade_yes|secret_kept
1|greedy|tell_trick|trade_no|secret_told
1|silly|tell_trick|trade_yes|secret_told
1|proud|tell_truth|trade_no|secret_told
1|gentle|tell_help|trade_yes|secret_kept
1|grumpy|tell_truth|trade_no|secret_kept
1|sly|tell_trick|trade_no|secret_told
1|cheerful|tell_help|trade_yes|secret_told
1|lazy|tell_truth|trade_no|secret_told
1|noisy|tell_help|trade_no|secret_told
1|patient|tell_help|trade_yes|secret_kept
1|naughty|tell_trick|trade_no|secret_told
1|wise|tell_truth|trade_yes|secret_kept

:weather noun effect
4|sunny|sun|warm
3|rainy|rain|wet
3|windy|wind|cold
2|snowy|snow|happy
2|foggy|fog|afraid
2|stormy|storm|nervous
1|frosty|frost|chilly
1|cloudy|clouds|sleepy

:weather_noun
2|rain
2|wind
1|snow
1|hail
1|thunder
1|fog

:wind_word
1|wind
1|river
1|rain

:so_much
2|so much
1|too much
1|a lot of
1|terrible

:time
4|morning
3|day
2|afternoon
2|evening
1|night
1|Monday
1|Tuesday
1|Friday
1|Sunday

:evening
1|dinner
1|sunset
1|bedtime
1|midnight
1|the bell rang

:season
1|day
1|week
1|spring
1|summer
1|autumn
1|winter
1|year

:place
3|forest
3|park
3|river
3|beach
2|lake
2|hill
2|market
2|garden
2|village
2|meadow
2|farm
1|castle
1|mill
1|bridge
1|valley
1|island
1|orchard
1|harbour
1|school
1|tower
1|mountain
1|library

:spot
1|under a stone
1|behind a bush
1|in the grass
1|under the bed
1|near the gate
1|on the roof
1|inside a log
1|beneath a bench
1|beside the well
1|behind the door
1|on a shelf
1|below the stairs
1|among the leaves
1|in a drawer
1|under a bucket
1|between two rocks
1|in a nest
1|on a branch
1|inside an old boot
1|next to the fence

:thing use used
1|ball|kick|kicked
1|kite|fly|flew
1|book|read|read
1|drum|beat|beat
1|boat|sail|sailed
1|bell|ring|rang
1|hat|wear|wore
1|lamp|light|lit
1|doll|hug|hugged
1|flute|play|played
1|sled|ride|rode
1|rope|pull|pulled
1|coin|spin|spun
1|wagon|push|pushed
1|scarf|knot|knotted
1|ribbon|tie|tied
1|jar|open|opened
1|key|turn|turned
1|puzzle|solve|solved
1|mirror|polish|polished
1|cup|fill|filled
1|blanket|fold|folded
1|whistle|blow|blew
1|clock|wind|wound
1|candle|hold|held
1|pencil|sharpen|sharpened
1|stamp|lick|licked
1|robot|build|built

:small_thing
1|pebble
1|leaf
1|button
1|feather
1|twig
1|bone
1|nail
1|nut
1|spoon
1|sock
1|bottle
1|date

:colour
1|red
1|blue
1|green
1|yellow
1|white
1|black
1|brown
1|golden
1|silver
1|purple
1|pink
1|grey
1|violet
1|striped
1|spotted
1|bronze
1|rosy

:size
1|big
1|little
1|small
1|tiny
1|new
1|shiny
1|round
1|long
1|heavy
1|soft
1|wooden
1|dusty
1|pretty
1|strange
1|broad
1|fancy
1|cheap
1|sticky
1|huge
1|sharp

:number less more
3|three|two|four
3|four|three|five
3|five|four|six
2|six|five|seven
2|seven|six|eight
1|eight|seven|nine
1|nine|eight|ten
1|ten|nine|eleven
1|twelve|eleven|thirteen

:fruit
1|carrot
1|lime
1|pear
1|plum
1|lemon
1|melon
1|fig
1|walnut
1|mushroom
1|banana
1|pumpkin
1|coconut
1|peanut

:container
2|bag
2|bowl
1|box
1|bucket
1|barrel
1|pot
1|sack

:cake
2|cake
2|pie
1|tart
1|soup
1|pudding
1|bread

:taste
2|sweet
2|warm
1|sour
1|salty
1|tasty
1|delicious
1|burnt

:drank
2|drank tea
2|drank milk
1|drank cocoa
1|drank water
1|drank juice

:played
2|played games
2|danced
1|sang songs
1|told jokes
1|played cards
1|jumped about

:relative
3|mother
3|father
2|grandmother
2|grandfather
2|sister
2|brother
2|aunt
2|uncle
1|cousin
1|teacher
1|neighbour

:creature
1|bird
1|bee
1|crow
1|snail
1|beetle
1|moth
1|spider
1|lizard
1|parrot
1|dragon
1|seagull
1|swan
1|ladybird
1|bat

:passed
1|flew by
1|passed by
1|looked at them
1|made a noise
1|sat on a stone
1|fell asleep
1|followed them

:broken
2|bridge
2|roof
1|fence
1|door
1|cart
1|window
1|swing
1|ladder
1|well
1|bench
1|chimney

:damage
2|broken
1|bent
1|cracked
1|torn
1|leaking
1|loose
1|crooked

:tool
2|hammer
2|saw
1|drill
1|wrench
1|brush
1|chisel
1|shovel
1|needle
1|glue pot

:material
2|plank
2|nail
1|brick
1|tile
1|screw
1|board
1|string
1|stick

:activity
2|fishing
2|resting
2|reading
2|singing
1|swimming
1|painting
1|digging
1|sleeping
1|cooking
1|waiting
1|dancing
1|climbing
1|drawing
1|knitting

:moment
2|one day
2|suddenly
1|at noon
1|all at once
1|on the way
1|after lunch
1|a little later
1|during a nap

:manner
1|softly
1|loudly
1|kindly
1|quickly
1|slowly
1|proudly
1|quietly
1|politely
1|happily
1|calmly
1|with a smile
1|with a yawn

:said
5|said
1|replied
1|answered
1|laughed
1|mumbled
1|explained
1|repeated

:mild
1|quiet
1|lovely
1|dark
1|green
1|lonely
1|crowded
1|peaceful
1|wild

:scent
1|cool
1|hot
1|muddy
1|slippery
1|bright
1|shady
1|noisy
1|empty

:scent_source
1|honey
1|smoke
1|grass
1|pepper
1|roses
1|soap
1|cheese
1|paint

:plant
2|tree
2|flower
1|tulip
1|fern
1|mushroom
1|rose
1|weed
1|willow
1|thistle
1|palm

:waved
2|waved
1|watched them
1|called for help
1|sneezed
1|ran past
1|took a bath
1|said hello
1|sold <fruit>s

:did
1|found
1|painted
1|washed
1|hid
1|broke
1|bought
1|sold
1|cleaned
1|threw
1|drew
1|lost
1|shook
1|bit
1|chased
1|stole
1|dropped
1|wanted
1|needed
1|made
1|hated
1|loved
1|caught
1|moved
1|warmed

:cried
3|cried
2|shouted
2|asked
1|called
1|sobbed
1|yelled

:whispered
3|whispered
2|said
1|murmured
1|breathed

:hugged
3|hugged
2|thanked
1|kissed
1|smiled at
1|danced with

:thanked
3|thanked
1|cheered
1|paid
1|praised

:laughed
3|laughed
2|smiled
1|blushed
1|giggled
1|nodded
1|bowed

:upset
3|sad
2|angry
1|upset
1|cross
1|surprised

:feeling
2|happy
2|tired
1|hungry
1|excited
1|thirsty
1|curious
1|proud of it
1|a bit cold

:exclamation
1|Oh
1|Look
1|How nice
1|My goodness
1|Wait
1|Hooray
1|Be careful
1|What a day

:pace
2|fast
2|very fast
1|as fast as they could
1|like the wind
1|through the mud
1|over the stones
1|without a stop

:bond
3|best friends
2|good friends
1|neighbours
1|like family
1|partners

:virtue
2|honest
2|generous
1|careful
1|helpful
1|polite
1|thankful
1|fair
1|on time
)grammar";

std::string toy_story_grammar() { return std::string(toy_story_rules) + toy_story_words; }

}  // namespace wavlab
