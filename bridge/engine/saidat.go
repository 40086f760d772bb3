package engine

import (
	"strconv"
	"time"
)

// minMillis is the smallest number that is read as milliseconds. Read as seconds, it would be in the year 5138.
const minMillis = 100_000_000_000

// Time reads the time with which a surface's order, or the id of a message in a surface, begins: Unix seconds
// with microseconds ("1700000000.000100") or milliseconds ("00000001700000000101"). It ignores what follows. It returns the zero
// time if the order begins with no time.
func Time(order string) time.Time {
	digits := len(order)
	for i, r := range order {
		if r < '0' || r > '9' {
			digits = i
			break
		}
	}

	n, err := strconv.ParseInt(order[:digits], 10, 64)
	if err != nil || n == 0 {
		return time.Time{}
	}
	if n >= minMillis {
		return time.UnixMilli(n)
	}

	return time.Unix(n, 0).Add(microseconds(order[digits:]))
}

// microseconds reads what stands behind the seconds of an order: a dot and six digits. Anything else counts as nothing.
func microseconds(behind string) time.Duration {
	if len(behind) < len(".000000") || behind[0] != '.' {
		return 0
	}
	n, err := strconv.ParseUint(behind[1:len(".000000")], 10, 32)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Microsecond
}
