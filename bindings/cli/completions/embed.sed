# A text as adjacent C string literals, one a line.
s/\\/\\\\/g
s/"/\\"/g
s/^/"/
s/$/\\n"/
