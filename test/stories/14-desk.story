# Removed gently: the seat counts until the holder has noticed. So at no time more users work than there are seats.
file M1=1 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
wait 15s                        -> nothing yet
admin gently removes ada, saying "meeting room only" -> 15 s: ada leaving in s1 of M1 by admin@desk
ada has M1?                     -> seated, valid for 105 s
bob sits M1                     -> full: ada@pc-ada; frees at: unknown
                                -> 15 s: bob denied in M1
table?                          -> ada@pc-ada: s1 of M1; beat 1; T 80 s
wait 6s                         -> 20 s: ada removed in s1 of M1 by admin@desk, removed
                                -> 20 s: ada is told lost in M1: removed, by admin@desk, meeting room only
ada has M1?                     -> lost, not valid
table?
bob sits M1                     -> seated in s2, 1 of 1
admin gently removes zoe        -> nobody by that name

# The beat of a holder notices it as well as a poll.
file M1=1 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
wait 74s                        -> nothing yet
admin gently removes ada        -> 74 s: ada leaving in s1 of M1 by admin@desk
wait 8s                         -> 76.66 s: ada removed in s1 of M1 by admin@desk, removed
                                -> 76.66 s: ada is told lost in M1: removed, by admin@desk

# A waiter has the seat only when its holder has left it.
file M1=1 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
bob stands in line 10m for M1   -> 0 s: bob denied in M1
                                -> 0 s: bob is told: place 1
admin gently removes ada        -> 0 s: ada leaving in s1 of M1 by admin@desk
wait 20s                        -> 10 s: ada removed in s1 of M1 by admin@desk, removed
                                -> 10 s: bob given in s2 of M1
                                -> 10 s: bob seated in s2 of M1
                                -> 10 s: ada is told lost in M1: removed, by admin@desk
                                -> 10 s: bob is answered: seated in s2, 1 of 1

# A holder that died, or is cut off, keeps the seat no longer than any other: then the decision stands.
file M1=2 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 2
bob sits M1                     -> seated in s2, 2 of 2
wait 10s                        -> nothing yet
ada dies
admin gently removes ada        -> 10 s: ada leaving in s1 of M1 by admin@desk
wait 3T                         -> 140 s: ada removed in s1 of M1 by admin@desk, removed
file M1=2 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 2
bob sits M1                     -> seated in s2, 2 of 2
wait 10s                        -> nothing yet
pc-ada loses the share
admin gently removes ada        -> 10 s: ada leaving in s1 of M1 by admin@desk
wait 3T                         -> 90 s: ada is told jeopardy in M1, 30 s left
                                -> 120 s: ada is told suspended in M1
                                -> 140 s: ada removed in s1 of M1 by admin@desk, removed
pc-ada finds the share
wait 20s                        -> 250.1 s: ada is told lost in M1: removed, by admin@desk
ada sits M1                     -> seated in s3, 2 of 2; told: removed, by admin@desk

# Light: at its next poll, a minute or T/8.
file M1=1 T=80s level=light     -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
admin gently removes ada, saying "lunch" -> 0 s: ada leaving in s1 of M1 by admin@desk
wait 50s                        -> nothing yet
wait 15s                        -> 60 s: ada removed in s1 of M1 by admin@desk, removed
                                -> 60 s: ada is told lost in M1: removed, by admin@desk, lunch
table?

# Undone before the holder has noticed anything: it goes on.
file M1=1 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
wait 15s                        -> nothing yet
admin removes ada               -> 15 s: ada removed in s1 of M1 by admin@desk, removed
wait 2s                         -> nothing yet
admin undoes s1                 -> 17 s: ada undone in s1 of M1 by admin@desk
wait 2T                         -> nothing yet
ada has M1?                     -> seated, valid for 97.016 s
table?                          -> ada@pc-ada: s1 of M1; beat 3; T 80 s
admin undoes s1                 -> refused: already back

# Undone after the holder was told: that is final, but the place is kept for its user, for 2 T.
file M1=1 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
admin removes ada, saying "wrong person" -> 0 s: ada removed in s1 of M1 by admin@desk, removed
wait 15s                        -> 10 s: ada is told lost in M1: removed, by admin@desk, wrong person
admin undoes s1                 -> 15 s: ada undone in s1 of M1 by admin@desk
ada has M1?                     -> lost, not valid
bob sits M1                     -> full: ada@pc-ada; frees at: unknown
                                -> 15 s: bob denied in M1
ada sits M1                     -> seated in s1, 1 of 1
ada has M1?                     -> seated, valid for 120 s
file M1=2 T=80s                 -> T = 80 s
bob sits M1                     -> seated in s1, 1 of 2
ada sits M1                     -> seated in s2, 2 of 2
admin removes ada               -> 0 s: ada removed in s2 of M1 by admin@desk, removed
wait 15s                        -> 10 s: ada is told lost in M1: removed, by admin@desk
admin undoes s2                 -> 15 s: ada undone in s2 of M1 by admin@desk
wait 3T                         -> 160 s: ada evicted in s2 of M1 by bob@pc-bob, evicted

# Too late, because the place is taken; or not needed, because the user has come back.
file M1=1 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
admin removes ada               -> 0 s: ada removed in s1 of M1 by admin@desk, removed
bob sits M1                     -> seated in s2, 1 of 1
admin undoes s1                 -> refused: taken
bob releases M1                 -> 0 s: bob released in s2 of M1
                                -> 0 s: bob is told released in M1
ada/2 sits M1 on pc-ada         -> seated in s3, 1 of 1; told: removed, by admin@desk
admin undoes s1                 -> refused: already back
admin undoes s9                 -> refused: unknown

# Removed gently, and undone before the holder polled.
file M1=1 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
admin gently removes ada        -> 0 s: ada leaving in s1 of M1 by admin@desk
admin undoes s1                 -> 0 s: ada stays in s1 of M1 by admin@desk
wait 2T                         -> nothing yet
ada has M1?                     -> seated, valid for 114.016 s

# A message is told once, to every window of the seat, and is gone with the next beat. The seat stays.
file M1=2 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 2
ada sits M1                     -> seated in s1, 1 of 2
bob sits M1                     -> seated in s2, 2 of 2
admin tells ada "maintenance at noon" -> 0 s: ada notified in s1 of M1 by admin@desk
wait 2T                         -> 10 s: ada is told in M1, by admin@desk: maintenance at noon
                                -> 10 s: ada is told in M1, by admin@desk: maintenance at noon
admin tells ada "one"           -> 160 s: ada notified in s1 of M1 by admin@desk
admin tells ada "two"           -> 160 s: ada notified in s1 of M1 by admin@desk
wait 20s                        -> 164.016 s: ada is told in M1, by admin@desk: one
                                -> 164.016 s: ada is told in M1, by admin@desk: one
                                -> 164.016 s: ada is told in M1, by admin@desk: two
                                -> 164.016 s: ada is told in M1, by admin@desk: two
admin tells ada "three"         -> 180 s: ada notified in s1 of M1 by admin@desk
ada releases M1                 -> 180 s: ada is told released in M1
ada/2 sits M1 on pc-ada         -> seated in s1, 2 of 2
wait 2T                         -> 184.016 s: ada is told in M1, by admin@desk: three
admin tells zoe "tea"           -> nobody by that name

# Light is told at its next poll, once; a process that starts later is not told.
file M1=2 T=80s level=light     -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 2
admin tells ada "tea"           -> 0 s: ada notified in s1 of M1 by admin@desk
wait 3T                         -> 60 s: ada is told in M1, by admin@desk: tea
ada leaves                      -> 240 s: ada released in s1 of M1
                                -> 240 s: ada is told released in M1
ada/2 sits M1 on pc-ada         -> seated in s2, 1 of 2
wait 3T                         -> nothing yet
