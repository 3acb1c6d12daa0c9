# Rule 10. Light writes at start and exit, never between; it never sweeps, and is never swept, not even when provably dead.
file M1=2 level=light T=80s     -> T = 80 s
ada sits M1 on pc-hall          -> seated in s1, 1 of 2
bob sits M1 on pc-hall          -> seated in s2, 2 of 2
revision?                       -> revision 2
ada dies
wait 8h                         -> nothing yet
revision?                       -> revision 2
bob has M1?                     -> seated, valid for ever
cy sits M1                      -> full: ada@pc-hall, bob@pc-hall; frees at: unknown
                                -> 28800 s: cy denied in M1
table?                          -> ada@pc-hall: s1 of M1; beat 1; light
                                -> bob@pc-hall: s2 of M1; beat 1; light

# It looks every minute, so it learns of its removal.
admin removes bob, saying "go home" -> 28800 s: bob removed in s2 of M1 by admin@desk, removed
wait 61s                        -> 28860 s: bob is told lost in M1: removed, by admin@desk, go home
bob has M1?                     -> lost, not valid
cy sits M1                      -> seated in s3, 2 of 2
cy releases M1                  -> 28861 s: cy released in s3 of M1
                                -> 28861 s: cy is told released in M1
bob/2 sits M1 on pc-hall        -> seated in s4, 2 of 2; told: removed, by admin@desk, go home
bob/2 releases M1               -> 28861 s: bob released in s4 of M1
                                -> 28861 s: bob is told released in M1
bob/3 sits M1 on pc-hall        -> seated in s5, 2 of 2

# Light sweeps nothing, not even what was a heartbeat record before, of a process that is provably dead on the same PC.
# (Found by seed 5 of the simulator's profile `light`, planted as `light-sweeps`.)
file M1=3 T=80s                 -> T = 80 s
ada sits M1 on pc-hall          -> seated in s1, 1 of 3
bob sits M1 on pc-hall          -> seated in s2, 2 of 3
ada freezes
admin sets level light          -> 0 s: settings: {"level":"light"}
wait 15s                        -> nothing yet
ada dies
wait 2h                         -> nothing yet
table?                          -> ada@pc-hall: s1 of M1; beat 1; T 80 s
                                -> bob@pc-hall: s2 of M1; beat 2; light
