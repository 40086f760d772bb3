// Command parley is a helpdesk whose conversations are threads in Slack or Microsoft Teams.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"syscall"
	_ "time/tzdata" // agents' zones, also where the machine has no database of them

	"github.com/alecthomas/kong"
)

// commands are the sub-commands, such as `parley serve`. kong parses the command line according to the tags, fills the
// fields of the chosen command, and calls its Run method. tryingCommands and testingCommands need emulators of all
// providers, which a build can leave out (withemulators.go).
type commands struct {
	Serve         serveCommand         `cmd:"" help:"Run Parley."`
	Trying        tryingCommands       `embed:""`
	Apply         applyCommand         `cmd:"" help:"Set Parley up from a file; shows what changes."`
	Export        exportCommand        `cmd:"" help:"Write the current set-up as a file, without secrets."`
	Customers     customersCommand     `cmd:"" help:"Import, export and take back what is known of customers, as CSV."`
	Route         routeCommand         `cmd:"" help:"Say who would get conversations by the rules, without giving them to anybody."`
	Connect       connectCommand       `cmd:"" help:"Sign in to a mailbox at Google or Microsoft, so that Parley may use it."`
	Doctor        doctorCommand        `cmd:"" help:"Check database, credentials, mailboxes and chats, and say what to do."`
	Health        healthCommand        `cmd:"" help:"Check whether the Parley on this machine is alive, or ready; for supervisors."`
	Backup        backupCommand        `cmd:"" help:"Back up everything to one file, or verify a backup."`
	Restore       restoreCommand       `cmd:"" help:"Fill an empty database from a backup. Nothing is sent again automatically."`
	AdminLink     adminLinkCommand     `cmd:"" name:"admin-link" help:"Print a link that signs an agent in on the site, once."`
	Erase         eraseCommand         `cmd:"" help:"Erase all data about one customer, with a certificate."`
	ExportContact exportContactCommand `cmd:"" help:"Export all data about one customer to a zip file."`
	Migrate       migrateCommand       `cmd:"" help:"Bring the database's schema up to date (serve does so automatically)."`
	Manifest      manifestCommand      `cmd:"" help:"Generate the description of the app that Slack or Teams needs."`
	Replay        replayCommand        `cmd:"" help:"Apply quarantined events again; without arguments, list them."`
	Explain       explainCommand       `cmd:"" help:"Show what happened to a conversation (#12) or an event (345)."`
	Testing       testingCommands      `embed:""`
	Version       versionCommand       `cmd:"" help:"Print the version."`
	Help          helpCommand          `cmd:"" help:"List the commands, or explain one with its flags."`
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
	if slices.Equal(args, []string{"--version"}) { // the usual flag of other programs
		args = []string{"version"}
	}

	parsed, err := parser.Parse(args)
	if isUnknownCommand(err, args) {
		exitWith(unknownCommand(err))
	}

	parser.FatalIfErrorf(err) // if err isn't nil, it prints the usage and exits

	if err := parsed.Run(); err != nil {
		exitWith(err)
	}
}

// exitWith exits with status 1. It prints err, unless err is errReported: the command has then printed the problem.
func exitWith(err error) {
	if !errors.Is(err, errReported) {
		printRemark("parley: " + err.Error())
	}
	os.Exit(1)
}
