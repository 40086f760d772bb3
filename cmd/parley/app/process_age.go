package app

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// processAge returns how long this process has been running; 0 where that can't be read.
// Source: proc(5): field 22 of stat is when the process started, in ticks since the machine's start. There are 100 ticks a
// second on every Linux that Go runs on. The file uptime has the seconds since the machine's start.
func processAge() time.Duration {
	const (
		startField = 22 - 3 // proc(5) counts from 1; the first two fields, number and name, are cut off below
		ticks      = 100    // a second
	)

	stat, statErr := os.ReadFile("/proc/self/stat")
	uptime, uptimeErr := os.ReadFile("/proc/uptime")
	if statErr != nil || uptimeErr != nil {
		return 0
	}

	_, after, _ := strings.Cut(string(stat), ") ") // skip the name in parentheses, which may have spaces
	fields := strings.Fields(after)
	up := strings.Fields(string(uptime))
	if len(fields) <= startField || len(up) == 0 {
		return 0
	}

	start, startErr := strconv.ParseFloat(fields[startField], 64)
	now, nowErr := strconv.ParseFloat(up[0], 64)
	if startErr != nil || nowErr != nil {
		return 0
	}

	return max(time.Duration((now-start/ticks)*float64(time.Second)), 0)
}
