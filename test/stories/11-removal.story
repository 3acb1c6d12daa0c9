# A removal is learned at the next look, T/8 at most, from the tombstone: who and why.
file M1=2 M2=2 T=80s            -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 2
ada sits M2                     -> seated in s2, 1 of 2
bob sits M1                     -> seated in s3, 2 of 2
wait 15s                        -> nothing yet
admin removes ada, saying "meeting room only" -> 15 s: ada removed in s1 of M1 by admin@desk, removed
                                -> 15 s: ada removed in s2 of M2 by admin@desk, removed
wait 9s                         -> 20 s: ada is told lost in M1: removed, by admin@desk, meeting room only
                                -> 20 s: ada is told lost in M2: removed, by admin@desk, meeting room only
ada has M1?                     -> lost, not valid
ada has M2?                     -> lost, not valid
ada sits M1                     -> seated in s4, 2 of 2; told: removed, by admin@desk, meeting room only
ada/2 sits M1 on pc-ada         -> seated in s4, 2 of 2
ada releases M1                 -> 24 s: ada released in s4 of M1
                                -> 24 s: ada is told released in M1
ada sits M1                     -> seated in s4, 2 of 2
admin removes zoe               -> nobody by that name

# Who is removed and starts again is told why he was closed: once for each removal, and for nobody but him.
file M1=1 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
admin removes ada, saying "lunch" -> 0 s: ada removed in s1 of M1 by admin@desk, removed
bob sits M1                     -> seated in s2, 1 of 1
bob releases M1                 -> 0 s: bob released in s2 of M1
                                -> 0 s: bob is told released in M1
wait 10s                        -> 10 s: ada is told lost in M1: removed, by admin@desk, lunch
wait 8h                         -> nothing yet
ada/2 sits M1 on pc-ada         -> seated in s3, 1 of 1; told: removed, by admin@desk, lunch
ada/2 releases M1               -> 28810 s: ada released in s3 of M1
                                -> 28810 s: ada is told released in M1
ada/3 sits M1 on pc-ada         -> seated in s4, 1 of 1
admin removes ada, saying "again" -> 28810 s: ada removed in s4 of M1 by admin@desk, removed
ada/4 sits M1 on pc-ada         -> seated in s5, 1 of 1; told: removed, by admin@desk, again

# Released and taken again, it is a new life: nobody adds the old silence to it.
file M1=2 T=80s                 -> T = 80 s
bob sits M1                     -> seated in s1, 1 of 2
ada sits M1                     -> seated in s2, 2 of 2
wait 74s                        -> nothing yet
ada releases M1                 -> 74 s: ada released in s2 of M1
                                -> 74 s: ada is told released in M1
ada sits M1                     -> seated in s3, 2 of 2
wait 79s                        -> nothing yet
table?                          -> bob@pc-bob: s1 of M1; beat 2; T 80 s
                                -> ada@pc-ada: s3 of M1; beat 3; T 80 s
