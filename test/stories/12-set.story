# Level and interval are set on a live file, both ways. Holders follow at their next look; nobody is evicted.
file M1=3 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 3
bob sits M1                     -> seated in s2, 2 of 3
cy sits M1                      -> seated in s3, 3 of 3
wait 2T                         -> nothing yet

admin sets T 40m                -> 160 s: settings: {"checkIntervalSeconds":2400}
wait 10s                        -> nothing yet
table?                          -> ada@pc-ada: s1 of M1; beat 4; T 2400 s
                                -> bob@pc-bob: s2 of M1; beat 4; T 2400 s
                                -> cy@pc-cy: s3 of M1; beat 4; T 2400 s
wait 1h                         -> nothing yet
table?                          -> ada@pc-ada: s1 of M1; beat 5; T 2400 s
                                -> bob@pc-bob: s2 of M1; beat 5; T 2400 s
                                -> cy@pc-cy: s3 of M1; beat 5; T 2400 s

admin sets T 8s                 -> 3770 s: settings: {"checkIntervalSeconds":8}
wait 301s                       -> nothing yet
table?                          -> ada@pc-ada: s1 of M1; beat 9; T 8 s
                                -> bob@pc-bob: s2 of M1; beat 15; T 8 s
                                -> cy@pc-cy: s3 of M1; beat 17; T 8 s
wait 2m                         -> nothing yet
table?                          -> ada@pc-ada: s1 of M1; beat 24; T 8 s
                                -> bob@pc-bob: s2 of M1; beat 30; T 8 s
                                -> cy@pc-cy: s3 of M1; beat 32; T 8 s

admin sets level light          -> 4191 s: settings: {"level":"light"}
wait 2s                         -> nothing yet
table?                          -> ada@pc-ada: s1 of M1; beat 25; light
                                -> bob@pc-bob: s2 of M1; beat 31; light
                                -> cy@pc-cy: s3 of M1; beat 33; light
wait 1h                         -> nothing yet
table?                          -> ada@pc-ada: s1 of M1; beat 25; light
                                -> bob@pc-bob: s2 of M1; beat 31; light
                                -> cy@pc-cy: s3 of M1; beat 33; light

admin sets level heartbeat      -> 7793 s: settings: {"level":"heartbeat"}
wait 61s                        -> nothing yet
table?                          -> ada@pc-ada: s1 of M1; beat 26; T 8 s
                                -> bob@pc-bob: s2 of M1; beat 32; T 8 s
                                -> cy@pc-cy: s3 of M1; beat 34; T 8 s
wait 2m                         -> nothing yet
table?                          -> ada@pc-ada: s1 of M1; beat 41; T 8 s
                                -> bob@pc-bob: s2 of M1; beat 47; T 8 s
                                -> cy@pc-cy: s3 of M1; beat 49; T 8 s
admin sets level heartbeat      -> it is so already
