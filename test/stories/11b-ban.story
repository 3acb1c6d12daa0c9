# A ban takes the seats and the place in the queue, and refuses new ones on every PC, until it is over. The holder learns of it at its next poll, the waiter too.
file M1=2 M2=1 T=80s            -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 2
bob sits M1                     -> seated in s2, 2 of 2
ada sits M2                     -> seated in s3, 1 of 1
ada/2 stands in line 1h for M2 on pc-lab -> 0 s: ada denied in M2
                                -> 0 s: ada/2 is told: place 1
cy stands in line 1h for M1     -> 0 s: cy denied in M1
                                -> 0 s: cy is told: place 1
admin bans ada for 1h, saying "audit" -> 0 s: ada: ban set
                                -> 0 s: ada banned in s1 of M1 by admin@desk, banned
                                -> 0 s: ada banned in s3 of M2 by admin@desk, banned
                                -> 0 s: cy given in s4 of M1
wait 10s                        -> 5 s: cy seated in s4 of M1
                                -> 5 s: ada/2 is answered: refused: banned, until 3600 s, by admin@desk, audit
                                -> 5 s: cy is answered: seated in s4, 2 of 2
                                -> 10 s: ada is told lost in M1: banned, by admin@desk, audit
                                -> 10 s: ada is told lost in M2: banned, by admin@desk, audit
ada has M1?                     -> lost, not valid
ada sits M1                     -> refused: banned, until 3600 s, by admin@desk, audit
                                -> 10 s: ada denied in M1: banned
ada/3 sits M2 on pc-other       -> refused: banned, until 3600 s, by admin@desk, audit
                                -> 10 s: ada denied in M2: banned
bob has M1?                     -> seated, valid for 110 s
wait 1h                         -> nothing yet
ada sits M2                     -> seated in s5, 1 of 1

# Until it is lifted; twice is as once, with the last word. Bob, who is nobody to the table, is banned all the same.
file M1=1 T=80s                 -> T = 80 s
admin bans bob for 10s          -> 0 s: bob: ban set
admin bans bob                  -> 0 s: bob: ban set
wait 20s                        -> nothing yet
bob sits M1                     -> refused: banned, by admin@desk
                                -> 20 s: bob denied in M1: banned
admin lifts the ban of ada      -> nobody by that name is banned
admin lifts the ban of bob      -> 20 s: bob: ban lifted
bob sits M1                     -> seated in s1, 1 of 1

# A banned user of Light is told at its next poll, and nobody is told that was not banned.
file M1=2 level=light           -> T = 60 s
ada sits M1                     -> seated in s1, 1 of 2
bob sits M1                     -> seated in s2, 2 of 2
admin bans ada                  -> 0 s: ada: ban set
                                -> 0 s: ada banned in s1 of M1 by admin@desk, banned
wait 60s                        -> 60 s: ada is told lost in M1: banned, by admin@desk
table?                          -> bob@pc-bob: s2 of M1; beat 1; light
