package book

import (
	"strconv"
	"time"
)

// minMillis is the least number that is read as milliseconds: as seconds it would be
// the year 5138.
const minMillis = 100_000_000_000

// OrderTime reads the time that a surface's order, or the id of a message in it, begins
// with: Unix seconds ("1700000000.000100") or milliseconds ("00000001700000000101"), both
// with whatever follows. Zero means it tells no time.
func OrderTime(order string) time.Time {
	digits := len(order)
	for i, r := range order {
		if r < '0' || r > '9' {
			digits = i
			break
		}
	}
	n, err := strconv.ParseInt(order[:digits], 10, 64)
	switch {
	case err != nil || n == 0:
		return time.Time{}
	case n >= minMillis:
		return time.UnixMilli(n)
	}
	return time.Unix(n, 0)
}
