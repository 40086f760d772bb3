// Command parley is a helpdesk whose conversations are threads in Slack or Microsoft Teams.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	_ "time/tzdata" // agents' zones, also where the machine has no database of them

	"github.com/alecthomas/kong"
)

// commands are the sub-commands; each has a file. kong reads the tags, fills the fields of the command that was
// called, and calls its Run. Commands that need the emulators of providers are in withemulators.go: a build may
// leave them out.
type commands struct {
	Serve         serveCommand         `cmd:"" help:"Run Parley."`
	Trying        tryingCommands       `embed:""`
	Apply         applyCommand         `cmd:"" help:"Set Parley up from a file; shows what changes."`
	Export        exportCommand        `cmd:"" help:"Write the current set-up as a file, without secrets."`
	Connect       connectCommand       `cmd:"" help:"Sign in to a mailbox at Google or Microsoft, so that Parley may use it."`
	Doctor        doctorCommand        `cmd:"" help:"Check database, credentials, mailboxes and chats, and say what to do."`
	Health        healthCommand        `cmd:"" help:"Ask the Parley that runs here whether it lives, or is ready; for supervisors."`
	Backup        backupCommand        `cmd:"" help:"Write everything into one file, or look whether such a file is whole."`
	Restore       restoreCommand       `cmd:"" help:"Fill an empty database from a backup. Nothing is sent again by itself."`
	AdminLink     adminLinkCommand     `cmd:"" name:"admin-link" help:"Print a link that signs an agent in on the site, once."`
	Erase         eraseCommand         `cmd:"" help:"Remove everything of one customer, with a certificate."`
	ExportContact exportContactCommand `cmd:"" help:"Write everything of one customer into a zip."`
	Migrate       migrateCommand       `cmd:"" help:"Bring the database's schema up to date (serve does so by itself)."`
	Manifest      manifestCommand      `cmd:"" help:"Make what Slack or Teams needs to know of the app."`
	Replay        replayCommand        `cmd:"" help:"Apply quarantined events again; without arguments, list them."`
	Explain       explainCommand       `cmd:"" help:"Tell the journey of a conversation (#12) or an event (345)."`
	AIEval        aiEvalCommand        `cmd:"" name:"ai-eval" help:"Measure how well customers' messages are analysed, on labelled messages."`
	Testing       testingCommands      `embed:""`
	Version       versionCommand       `cmd:"" help:"Print the version."`
	Help          helpCommand          `cmd:"" help:"List the commands, or tell what one does and which flags it has."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	parser := kong.Must(&c, kong.Name("parley"), kong.UsageOnError(),
		kong.Description("A helpdesk that lives where the team already talks: "+
			"every customer conversation is one thread in Slack or Microsoft Teams. "+
			"Set it up by environment variables and parley apply; try it with parley demo."),
		kong.BindTo(ctx, (*context.Context)(nil)), emulatorVars())

	args := os.Args[1:]
	if slices.Equal(args, []string{"--version"}) { // as most programs are asked
		args = []string{"version"}
	}

	parsed, err := parser.Parse(args)
	if isUnknownCommand(err, args) {
		exitWith(unknownCommand(err))
	}

	parser.FatalIfErrorf(err) // does nothing without an error; otherwise it shows how the command is used, and exits

	if err := parsed.Run(); err != nil {
		exitWith(err)
	}
}

// exitWith ends the program with 1, and prints the error unless that was done already.
func exitWith(err error) {
	if !errors.Is(err, errReported) {
		fmt.Fprintln(os.Stderr, "parley: "+err.Error())
	}
	os.Exit(1)
}
