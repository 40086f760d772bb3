package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clockTick is the unit of times in /proc: USER_HZ, which is 100 on every Linux.
const clockTick = 10 * time.Millisecond

// Usage is the memory and processor time of a process.
type Usage struct {
	CPU   time.Duration // user and system time of all threads, and of children that it has waited for
	RSS   int64         // resident memory now, in bytes
	Peak  int64         // maximum of RSS since the start
	State byte          // as in /proc: R (running), S (sleeping), T (stopped), Z (zombie), …
}

// UsageOf reads the usage of a process from /proc. It works on Linux only.
//
// Errors: fs.ErrNotExist if there is no such process, or no /proc.
func UsageOf(pid int) (Usage, error) {
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if errors.Is(err, syscall.ESRCH) { // it exited between open and read
		err = fs.ErrNotExist
	}
	if err != nil {
		return Usage{}, fmt.Errorf("child: usage: %w", err)
	}

	u, _, err := parseStat(string(stat))
	if err != nil {
		return Usage{}, err
	}

	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return Usage{}, fmt.Errorf("child: usage: %w", err)
	}

	u.RSS = readBytes(string(status), "VmRSS:")
	u.Peak = readBytes(string(status), "VmHWM:")
	return u, nil
}

// parseStat parses /proc/PID/stat, such as "4711 (parley) S 1 …". The name in parentheses may contain any
// character, including parentheses. parent is the id of the parent process.
func parseStat(stat string) (u Usage, parent int, err error) {
	end := strings.LastIndexByte(stat, ')')
	fields := strings.Fields(stat[end+1:]) // begins with the state, which proc(5) calls field 3
	const utime, afterTimes = 11, 15       // utime, stime, cutime and cstime: fields 14 to 17 in proc(5)
	if end < 0 || len(fields) < afterTimes {
		return u, 0, errors.New("child: usage: /proc/PID/stat has another form")
	}

	u.State = fields[0][0]
	if parent, err = strconv.Atoi(fields[1]); err != nil {
		return u, 0, fmt.Errorf("child: usage: %w", err)
	}

	for _, f := range fields[utime:afterTimes] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return u, 0, fmt.Errorf("child: usage: %w", err)
		}
		u.CPU += time.Duration(n) * clockTick
	}

	return u, parent, nil
}

// readBytes returns the value of a line such as "VmRSS:   123 kB" in /proc/PID/status, in bytes, or 0 if there
// is no such line.
func readBytes(status, name string) int64 {
	for line := range strings.Lines(status) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kilobytes, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}

// TreeCPU returns the CPU time of a process and all its running descendants, such as PostgreSQL's postmaster
// and its backends. A descendant that has exited counts once its parent has waited for it.
func TreeCPU(pid int) (time.Duration, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0, fmt.Errorf("child: usage: %w", err)
	}

	cpu := map[int]time.Duration{}
	children := map[int][]int{}
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}

		stat, err := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		if err != nil {
			continue // it exited in the meantime
		}

		u, parent, err := parseStat(string(stat))
		if err != nil {
			return 0, err
		}

		cpu[id] = u.CPU
		children[parent] = append(children[parent], id)
	}

	if _, ok := cpu[pid]; !ok {
		return 0, fmt.Errorf("child: usage: process %d: %w", pid, fs.ErrNotExist)
	}

	var sum time.Duration
	for next := []int{pid}; len(next) > 0; {
		id := next[0]
		sum += cpu[id]
		next = append(next[1:], children[id]...)
	}

	return sum, nil
}

// SelfCPU returns the CPU time of this process, without its children.
func SelfCPU() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0 // it has no other error than a bad address
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
