# Rule 8. First come, first served: the commit that frees a place seats the first who waits, and he has it within 5 s, at any T.
file M1=1 T=30m                 -> T = 1800 s
ada sits M1                     -> seated in s1, 1 of 1
cy stands in line 1h for M1     -> 0 s: cy denied in M1
                                -> 0 s: cy is told: place 1
dee stands in line 1h for M1    -> 0 s: dee denied in M1
                                -> 0 s: dee is told: place 2
line?                           -> cy for M1, dee for M1
wait 10m                        -> nothing yet
ada releases M1                 -> 600 s: ada released in s1 of M1
                                -> 600 s: cy given in s2 of M1
                                -> 600 s: ada is told released in M1
dee2 sits M1                    -> full: cy@pc-cy; frees at: unknown
                                -> 600 s: dee2 denied in M1
wait 5s                         -> 605 s: cy seated in s2 of M1
                                -> 605 s: cy is answered: seated in s2, 1 of 1
                                -> 605 s: dee is told: place 1
line?                           -> dee for M1
cy releases M1                  -> 605 s: cy released in s2 of M1
                                -> 605 s: dee given in s3 of M1
                                -> 605 s: cy is told released in M1
wait 5s                         -> 610 s: dee seated in s3 of M1
                                -> 610 s: dee is answered: seated in s3, 1 of 1
line?                           -> nobody

# Who gives up leaves the line; who is dead is given his place, and a minute later it is the next one's.
file M1=1 T=30m                 -> T = 1800 s
ada sits M1                     -> seated in s1, 1 of 1
bob stands in line 1h for M1    -> 0 s: bob denied in M1
                                -> 0 s: bob is told: place 1
cy stands in line 1h for M1     -> 0 s: cy denied in M1
                                -> 0 s: cy is told: place 2
dee stands in line 1h for M1    -> 0 s: dee denied in M1
                                -> 0 s: dee is told: place 3
wait 1m                         -> nothing yet
bob gives up                    -> 60 s: bob denied in M1
                                -> 60 s: bob is answered: ABORTED
wait 5s                         -> 65 s: cy is told: place 1
                                -> 65 s: dee is told: place 2
line?                           -> cy for M1, dee for M1
cy dies
ada releases M1                 -> 65 s: ada released in s1 of M1
                                -> 65 s: cy given in s2 of M1
                                -> 65 s: ada is told released in M1
wait 60s                        -> 70 s: dee is told: place 1
wait 15s                        -> 135 s: cy passed over in s2 of M1
                                -> 135 s: dee given in s3 of M1
                                -> 140 s: dee seated in s3 of M1
                                -> 140 s: dee is answered: seated in s3, 1 of 1
line?                           -> nobody

# The place of a dead holder is the first waiter's in the commit that puts him out.
file M1=1 M2=1 T=80s            -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
bob sits M2                     -> seated in s2, 1 of 1
cy stands in line 1h for M1     -> 0 s: cy denied in M1
                                -> 0 s: cy is told: place 1
ada dies
wait 1.7T                       -> nothing yet
wait 0.4T                       -> 140 s: ada evicted in s1 of M1 by bob@pc-bob, evicted
                                -> 140 s: cy given in s3 of M1
                                -> 140.001 s: cy seated in s3 of M1
                                -> 140.001 s: cy is answered: seated in s3, 1 of 1
line?                           -> nobody

# Who is removed by the administrator leaves his place to the first; he himself may ask again, behind the others.
file M1=1 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
cy stands in line 1h for M1     -> 0 s: cy denied in M1
                                -> 0 s: cy is told: place 1
dee stands in line 1h for M1    -> 0 s: dee denied in M1
                                -> 0 s: dee is told: place 2
admin removes ada, saying "time is up" -> 0 s: ada removed in s1 of M1 by admin@desk, removed
                                -> 0 s: cy given in s2 of M1
wait 10s                        -> 5 s: cy seated in s2 of M1
                                -> 5 s: cy is answered: seated in s2, 1 of 1
                                -> 5 s: dee is told: place 1
                                -> 10 s: ada is told lost in M1: removed, by admin@desk, time is up
ada/2 stands in line 1h for M1  -> 10 s: ada denied in M1
                                -> 10 s: ada/2 is told: place 2
line?                           -> dee for M1, ada for M1
