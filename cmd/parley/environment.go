package main

import (
	"log/slog"
	"os"

	"parley/cmd/parley/app"
)

// readEnvironment reads the environment and makes the logger it asks for.
func readEnvironment() (app.Env, *slog.Logger, error) {
	env, err := app.LoadEnv(os.LookupEnv)
	return env, newLog(os.Stderr, env.Log), err
}

// newLog writes text to a terminal and JSON elsewhere.
func newLog(w *os.File, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if isCharDevice(w) {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

// isCharDevice says that a file is a device such as a terminal, as far as can be seen.
func isCharDevice(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
