# Rule 3. Silence counts as far as the observer was awake and looking: a gap between two looks for two look periods.
# Bob looks for 60 s, then sleeps for an hour, on a clock that counts sleep (Windows): that adds 20 s, not an hour.
file M1=3 T=80s                 -> T = 80 s
pc-bob counts its sleep
ada sits M1                     -> seated in s1, 1 of 3
bob sits M1                     -> seated in s2, 2 of 3
ada dies
wait 60s                        -> nothing yet
pc-bob sleeps
wait 1h                         -> nothing yet
pc-bob wakes
wait 59s                        -> 3660 s: bob is told suspended in M1
                                -> 3660 s: bob is told safe in M1
wait 2s                         -> 3720 s: ada evicted in s1 of M1 by bob@pc-bob, evicted

# On a clock that stops meanwhile (Linux) it adds nothing.
file M1=3 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 3
bob sits M1                     -> seated in s2, 2 of 3
ada dies
wait 60s                        -> nothing yet
pc-bob sleeps
wait 1h                         -> nothing yet
pc-bob wakes
wait 79s                        -> 3665 s: bob is told suspended in M1
                                -> 3665 s: bob is told safe in M1
wait 2s                         -> 3740 s: ada evicted in s1 of M1 by bob@pc-bob, evicted

# Eight looks per T, one read each. A commit per T reads three times: what it follows, itself again, and the face it showed.
file M1=3 T=80s                 -> T = 80 s
bob sits M1                     -> seated in s1, 1 of 3
wait 2s                         -> nothing yet
reads of pc-bob?                -> 4 reads
wait 80s                        -> nothing yet
reads of pc-bob?                -> 10 reads
wait 800s                       -> nothing yet
reads of pc-bob?                -> 93 reads
