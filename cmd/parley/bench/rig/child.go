package rig

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"parley/channels/pause"
	proc "parley/cmd/parley/child"
)

// readyWithin is what a child may take to be ready, migrations of an empty database included.
const readyWithin = 5 * time.Minute

// Child is a process of the run: a Parley, or emulators.
type Child struct {
	*proc.Process

	name    string
	Address string // host:port where a Parley listens
	log     string // file
	Started time.Time
}

// startChild runs a program with a clean environment and vars. It ends with the world.
func startChild(w *World, name string, program, vars []string) (*Child, error) {
	c := &Child{name: name, log: filepath.Join(w.Dir, name+".log"), Started: time.Now()}
	p, err := proc.Start(proc.Spec{Name: name, Program: program, Env: proc.CleanEnv(vars...), Log: c.log})
	if err != nil {
		return nil, err
	}
	c.Process = p
	w.children = append(w.children, c)
	return c, nil
}

// Ready waits until /readyz answers 200.
// Errors: the child ended (with the end of its log), it takes longer than readyWithin.
func (c *Child) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for !c.isReady(ctx) {
		select {
		case <-c.Done():
			return fmt.Errorf("bench: %s ended: %w: %s", c.name, c.Err(), c.lastWords())
		default:
		}
		if !pause.For(ctx, time.Millisecond) {
			return fmt.Errorf("bench: %s is not ready: %s", c.name, c.lastWords())
		}
	}
	return nil
}

// isReady reports whether /readyz answers 200. No answer counts as no.
func (c *Child) isReady(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Address+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, res.Body) // so that the connection is used again
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// lastWords returns the end of a child's log.
func (c *Child) lastWords() string {
	body, err := os.ReadFile(c.log)
	if err != nil {
		return ""
	}
	const longest = 1000
	return string(bytes.TrimSpace(body[max(0, len(body)-longest):]))
}

// RSS is the memory in use, bytes.
func (c *Child) RSS() (int64, error) {
	u, err := proc.Of(c.PID())
	return u.RSS, err
}

// CPU is the time used since the start, user and system.
func (c *Child) CPU() (time.Duration, error) {
	u, err := proc.Of(c.PID())
	return u.CPU, err
}

// Stop asks a child to end and waits for it.
func (c *Child) Stop() { c.End() }
