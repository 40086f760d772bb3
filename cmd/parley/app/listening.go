package app

import (
	"cmp"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// `parley health` asks the Parley that serves on this machine, and `parley admin-link` prints a link to it. The shell in which
// somebody types them may lack the PARLEY_LISTEN with which that Parley was started. So a Parley that serves writes the address
// at which it listens into its data folder, where they read it.

// defaultListen is where Parley listens if PARLEY_LISTEN isn't set.
const defaultListen = "127.0.0.1:8080"

// listenFile returns the path of the file with the address.
func (e *Env) listenFile() string { return filepath.Join(e.Data, "listen") }

// noteListen writes down that this process listens at address. Without the file Parley works as well: the commands then need
// PARLEY_LISTEN.
func (e *Env) noteListen(address string, log *slog.Logger) {
	const mode = 0o644 // the address is no secret
	if err := os.WriteFile(e.listenFile(), []byte(address+"\n"), mode); err != nil {
		log.Debug("the address at which this process listens not written down", "error", err)
	}
}

// ForServed returns the environment for a command that asks, or links to, the Parley that serves. If PARLEY_LISTEN isn't set, Listen
// is where the Parley with this data folder listened last. get is os.LookupEnv, as of LoadEnv.
func (e Env) ForServed(get func(string) (string, bool)) Env {
	v := &variables{get: get}
	if v.text("PARLEY_LISTEN") == "" {
		written, _ := os.ReadFile(e.listenFile()) // without the file, the usual address remains
		e.Listen = cmp.Or(strings.TrimSpace(string(written)), defaultListen)
	}
	return e
}
