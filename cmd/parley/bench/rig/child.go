package rig

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
	"parley/channels/pause"
	proc "parley/cmd/parley/child"
)

// readyWithin is what a child may take to be ready, migrations of an empty database included.
const readyWithin = 5 * time.Minute

// Child is a Parley that a World started as a process of its own, so that its memory and processor time can be
// measured apart. Its Process has Signal, End, Done and Err.
type Child struct {
	*proc.Process

	Address string // host:port where it listens
	Started time.Time
	name    string
	log     string // path of the file that gets its output
}

// startChild runs a command with vars and otherwise without Parley's settings. The child ends with the world.
func startChild(w *World, name string, command, vars []string) (*Child, error) {
	c := &Child{name: name, log: filepath.Join(w.Dir, name+".log"), Started: time.Now()}
	p, err := proc.Start(proc.Spec{Name: name, Program: command, Env: proc.CleanEnv(vars...), Log: c.log})
	if err != nil {
		return nil, err
	}
	c.Process = p
	w.children = append(w.children, c)
	return c, nil
}

// errWithoutFault stands for the end of a child that itself calls it no failure.
var errWithoutFault = errors.New("exit status 0")

// Ready waits until /readyz answers 200.
// Errors: the child ended (with the end of its log), it takes longer than readyWithin.
func (c *Child) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for !c.isReady(ctx) {
		select {
		case <-c.Done():
			return fmt.Errorf("bench: %s ended: %w: %s", c.name, cmp.Or(c.Err(), errWithoutFault), c.lastWords())
		default:
		}
		if !pause.For(ctx, time.Millisecond) {
			return fmt.Errorf("bench: %s is not ready: %s", c.name, c.lastWords())
		}
	}
	return nil
}

// isReady reports whether /readyz answers 200.
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

// lastWords returns the last 1000 bytes of a child's log; "" if it can't be read.
func (c *Child) lastWords() string {
	body, err := os.ReadFile(c.log)
	if err != nil {
		return ""
	}
	const longest = 1000
	return string(bytes.TrimSpace(body[max(0, len(body)-longest):]))
}

// Usage returns the memory in use, and what the child has used since its start.
func (c *Child) Usage() (proc.Usage, error) { return proc.UsageOf(c.PID()) }

// CPU returns the processor time used since the start.
func (c *Child) CPU() (time.Duration, error) {
	u, err := c.Usage()
	return u.CPU, err
}
