package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
)

// startWatcher starts a tiny process that reads a pipe which only we hold open. When the pipe ends, we have died, and the
// watcher asks the server for a fast shutdown. It serves kernels without a parent-death signal. stop ends the watcher
// without a signal to the server, and waits for its end.
func startWatcher(acct account, pid int) (stop func() error, err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("watcher: %w", err)
	}

	cmd := prepareCommand(context.Background(), acct, "/bin/sh", "-c", `read -r word; test "$word" = stop || kill -INT "$1"`, "sh",
		strconv.Itoa(pid))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: acct.childCredential()} // must outlive us
	cmd.Stdin = read
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("watcher: %w", errors.Join(err, read.Close(), write.Close()))
	}
	if err := read.Close(); err != nil {
		return nil, fmt.Errorf("watcher: %w", err)
	}

	return sync.OnceValue(func() error {
		_, writeErr := write.WriteString("stop\n")
		err := errors.Join(writeErr, write.Close(), cmd.Wait())
		if _, ok := errors.AsType[*exec.ExitError](err); ok {
			return nil // killed by somebody: nothing left to stop
		}
		return err
	}), nil
}
