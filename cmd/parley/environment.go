package main

import (
	"log/slog"
	"os"

	"parley/cmd/parley/app"
)

// environment reads the environment and makes the logger it asks for.
func environment() (app.Env, *slog.Logger, error) {
	env, err := app.LoadEnv(os.LookupEnv)
	return env, newLog(os.Stderr, env.Log), err
}

// newLog writes text to a terminal and JSON elsewhere.
func newLog(w *os.File, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if info, err := w.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
