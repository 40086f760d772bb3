package bench

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

// readyWithin is what a child may take to be ready, migrations of an empty database
// included.
const readyWithin = 5 * time.Minute

// child is a process of the run: a Parley, or emulators.
type child struct {
	*proc.Process

	name    string
	address string // host:port where a Parley listens
	log     string // file
	started time.Time
}

// startChild runs a program with a clean environment and vars. It ends with the world.
func startChild(w *world, name string, program, vars []string) (*child, error) {
	c := &child{name: name, log: filepath.Join(w.dir, name+".log"), started: time.Now()}
	p, err := proc.Start(proc.Spec{Name: name, Program: program, Env: proc.CleanEnv(vars...), Log: c.log})
	if err != nil {
		return nil, err
	}
	c.Process = p
	w.childs = append(w.childs, c)
	return c, nil
}

// ready waits until /readyz answers 200.
// Errors: the child ended (with the end of its log), it takes longer than readyWithin.
func (c *child) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for !c.answers(ctx) {
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

func (c *child) answers(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.address+"/readyz", nil)
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

// lastWords gives the end of a child's log.
func (c *child) lastWords() string {
	body, err := os.ReadFile(c.log)
	if err != nil {
		return ""
	}
	return string(bytes.TrimSpace(body[max(0, len(body)-1000):]))
}

// rss is the memory in use, bytes.
func (c *child) rss() (int64, error) {
	u, err := proc.Of(c.PID())
	return u.RSS, err
}

// cpu is the time used since the start, user and system.
func (c *child) cpu() (time.Duration, error) {
	u, err := proc.Of(c.PID())
	return u.CPU, err
}

// stop asks a child to end and waits for it.
func (c *child) stop() { c.End() }
