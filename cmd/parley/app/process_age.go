package app

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// processAge returns how long this process has been running; 0 where that can't be read.
// Source: proc(5): field 22 of stat is the start of the process in ticks since the machine's start (100 a
// second on every Linux that Go runs on), and uptime is the seconds since the machine's start.
func processAge() time.Duration {
	stat, err1 := os.ReadFile("/proc/self/stat")
	uptime, err2 := os.ReadFile("/proc/uptime")
	if err1 != nil || err2 != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(stat), ") ") // skip the name in parentheses, which may have spaces
	fields, up := strings.Fields(after), strings.Fields(string(uptime))
	if len(fields) < 20 || len(up) == 0 {
		return 0
	}
	start, err1 := strconv.ParseFloat(fields[19], 64)
	now, err2 := strconv.ParseFloat(up[0], 64)
	if err1 != nil || err2 != nil {
		return 0
	}
	return max(time.Duration((now-start/100)*float64(time.Second)), 0)
}
