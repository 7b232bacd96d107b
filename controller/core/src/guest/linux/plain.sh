# Text of others, made fit to be repeated, and bounded.

# Text of others, fit for a line: no control characters, nothing but ASCII.
plain() {
    tr '\r\t' '\n ' | tr -d '\000-\011\013-\037\177' | tr '\200-\377' '?'
}

# The same for a single line.
plain_line() {
    plain | tr '\n' ' '
}

# first_lines BYTES: as many whole lines as fit.
first_lines() {
    { head -c "$1"; echo; } | sed '$d'
}

# last_lines BYTES: as many whole lines as fit, from the end.
last_lines() {
    { echo; cat; } | tail -c "$1" | sed 1d
}
