package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// helpCommand shows what --help shows, for those who type the word without dashes.
type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command to explain; without one, all are listed."`
}

// Run implements the sub-command.
// Errors: what unknownCommand makes of a command that doesn't exist.
func (h helpCommand) Run(parsed *kong.Context) error {
	asked, err := kong.Trace(parsed.Kong, h.Command)
	if err != nil {
		return err
	}
	if asked.Error != nil {
		return unknownCommand(asked.Error)
	}
	return asked.PrintUsage(false)
}

// unknownCommand words the parser's error about a command that doesn't exist. The parser names the
// commands that are spelled nearly so.
func unknownCommand(err error) error {
	text := strings.Replace(err.Error(), "unexpected argument", "unknown command", 1)
	return fmt.Errorf("%s\nparley --help lists all commands", strings.TrimSuffix(text, "."))
}

// isUnknownCommand says that arguments were given of which the first isn't a command.
func isUnknownCommand(err error, args []string) bool {
	if len(args) == 0 {
		return false
	}
	var wrong *kong.ParseError
	return errors.As(err, &wrong) && wrong.Context.Selected() == nil
}
