package bench

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"parley/channels/emulator"
	"parley/channels/wire"
	"parley/cmd/parley/lab"
)

// readyWithin is how long a child may take to become ready, including the migrations of an empty database.
const readyWithin = 5 * time.Minute

// Child is a Parley that runs as a child process, so that its memory and processor time can be measured
// separately. World.StartParley starts it, and World.Close stops it at the latest. The embedded Process has
// Signal, End, Done and Err.
type Child struct {
	*lab.Process

	Address string // host:port on which it listens
	Started time.Time
	name    string
	log     string // path of the file with its output
}

// startChild starts a command with vars as its settings; this process's own Parley settings are not inherited.
func startChild(w *World, name string, command, vars []string) (*Child, error) {
	c := &Child{name: name, log: filepath.Join(w.Dir, name+".log"), Started: time.Now()}
	p, err := lab.Start(lab.Spec{Name: name, Program: command, Env: lab.CleanEnv(vars...), Log: c.log})
	if err != nil {
		return nil, err
	}
	c.Process = p
	w.children = append(w.children, c)
	return c, nil
}

// errWithoutFault is reported for a child that exited with status 0, for which Process.Err is nil.
var errWithoutFault = errors.New("exit status 0")

// Ready waits until /readyz answers 200.
//
// Errors: the child exited, or was not ready after readyWithin; both contain the end of its log.
func (c *Child) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for !c.isReady(ctx) {
		select {
		case <-c.Done():
			return fmt.Errorf("bench: %s ended: %w: %s", c.name, cmp.Or(c.Err(), errWithoutFault), c.lastWords())
		default:
		}
		if !wire.For(ctx, time.Millisecond) {
			return fmt.Errorf("bench: %s is not ready: %s", c.name, c.lastWords())
		}
	}
	return nil
}

func (c *Child) isReady(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Address+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := emulator.NewClient().Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// lastWords returns the last 1000 bytes of the child's log, or "" if it can't be read.
func (c *Child) lastWords() string {
	body, err := os.ReadFile(c.log)
	if err != nil {
		return ""
	}
	const longest = 1000
	return string(bytes.TrimSpace(body[max(0, len(body)-longest):]))
}

// Usage returns the current memory of the child, and the processor time that it has used since its start.
func (c *Child) Usage() (lab.Usage, error) { return lab.UsageOf(c.PID()) }

// CPU returns the processor time that the child has used since its start.
func (c *Child) CPU() (time.Duration, error) {
	u, err := c.Usage()
	return u.CPU, err
}
