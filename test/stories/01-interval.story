# Rule 1. The check interval is 30 s times the largest max users of any module, unless said otherwise.
file M1=30 M2=45 M3=15          -> T = 1350 s
ada sits M3                     -> seated in s1, 1 of 15
table?                          -> ada@pc-ada: s1 of M3; beat 1; T 1350 s
wait 1200s                      -> nothing yet
table?                          -> ada@pc-ada: s1 of M3; beat 1; T 1350 s
wait 150s                       -> nothing yet
table?                          -> ada@pc-ada: s1 of M3; beat 2; T 1350 s

# One user: 30 s.
file M1=1                       -> T = 30 s

# What the entitlement names, whatever the formula would give.
file M1=30 T=8s                 -> T = 8 s
