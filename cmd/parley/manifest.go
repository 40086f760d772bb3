package main

import (
	"fmt"
	"os"

	slackmanifest "parley/bot/slack/manifest"
	"parley/bot/teams/manifest"
)

// manifestCommand is `parley manifest`.
type manifestCommand struct {
	Slack slackManifestCommand `cmd:"" help:"Print the manifest of the Slack app."`
	Teams teamsManifestCommand `cmd:"" help:"Make the app package for Microsoft Teams."`
}

// slackManifestCommand is `parley manifest slack`.
type slackManifestCommand struct {
	Name          string `default:"Parley" help:"Name of the app."`
	ShortCommands bool   `help:"Also claim /assign, /snooze and /resolve."`
	PublicURL     string `name:"public-url" env:"PARLEY_PUBLIC_URL" placeholder:"URL" help:"Where the site is: agents may then sign in to it by Slack."`
	HTTP          bool   `name:"http" help:"Events as requests to that address instead of Socket Mode."`
}

// Help is shown by `parley manifest slack --help`.
func (slackManifestCommand) Help() string {
	return `Paste the output at api.slack.com/apps under "Create New App" > "From a manifest".

The app works by Socket Mode, unless --http is given, or SLACK_SIGNING_SECRET is set and SLACK_APP_TOKEN is not.

Examples:
  parley manifest slack > manifest.json
  parley manifest slack --public-url https://help.example.org
  parley manifest slack --public-url https://help.example.org --http`
}

// Run prints the manifest.
func (c slackManifestCommand) Run() error {
	worksByRequests := isSet("SLACK_SIGNING_SECRET") && !isSet("SLACK_APP_TOKEN")
	return printOutput(slackmanifest.JSON(slackmanifest.Options{
		Name:          c.Name,
		ShortCommands: c.ShortCommands,
		PublicURL:     c.PublicURL,
		HTTP:          c.HTTP || (worksByRequests && c.PublicURL != ""),
	}))
}

// isSet reports whether Parley is given a variable, by its value or by a file.
func isSet(name string) bool { return os.Getenv(name)+os.Getenv(name+"_FILE") != "" }

// teamsManifestCommand is `parley manifest teams`.
type teamsManifestCommand struct {
	AppID        string `name:"app-id" required:"" env:"TEAMS_APP_ID" placeholder:"ID" help:"Microsoft App ID of the bot's registration."`
	PublicURL    string `name:"public-url" required:"" env:"PARLEY_PUBLIC_URL" placeholder:"URL" help:"Where Teams reaches Parley: https://help.example.org"`
	Out          string `placeholder:"FILE.zip" help:"Write the package there. Without it, the manifest alone is printed."`
	Name         string `default:"Parley" help:"Name of the app, at most 30 characters."`
	AppVersion   string `default:"1.0.0" placeholder:"VERSION" help:"Teams takes an update only with a higher one (default ${default})."`
	MentionsOnly bool   `help:"Don't ask for the right to read the channels' messages: agents then answer with @Parley reply: …"`
	Developer    string `help:"Who offers the app; default its name."`
	Website      string `placeholder:"URL" help:"What the app's page in Teams leads to; default the public URL."`
	Privacy      string `placeholder:"URL" help:"Your privacy page; default the website."`
	Terms        string `placeholder:"URL" help:"Your terms of use; default the website."`
}

// Help is shown by `parley manifest teams --help`.
func (teamsManifestCommand) Help() string {
	return `Upload the package in Teams: Manage team > Apps > Upload an app, or Teams admin center > Manage apps.

Example:
  parley manifest teams --app-id 00000000-0000-0000-0000-000000000000 --public-url https://help.example.org --out parley-teams.zip`
}

// Run writes the package, or prints the manifest.
func (c teamsManifestCommand) Run() error {
	o := manifest.Options{
		AppID:        c.AppID,
		Name:         c.Name,
		PublicURL:    c.PublicURL,
		Version:      c.AppVersion,
		Developer:    c.Developer,
		Website:      c.Website,
		Privacy:      c.Privacy,
		Terms:        c.Terms,
		MentionsOnly: c.MentionsOnly,
	}
	if c.Out == "" {
		return printOutput(manifest.JSON(o))
	}

	out, err := manifest.Package(o)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Out, out, 0o644); err != nil { //nolint:gosec // nothing in it is secret
		return err
	}

	_, err = fmt.Printf("%s: version %s of the app. Upload it in Teams.\n", c.Out, c.AppVersion)
	return err
}

// printOutput prints the output of a function, or returns its error.
func printOutput(out []byte, err error) error {
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(out)
	return err
}
