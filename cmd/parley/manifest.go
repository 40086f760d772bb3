package main

import (
	"fmt"
	"os"

	"parley/bot/slack"
	"parley/bot/teams"
)

// manifestCommand is `parley manifest`. To use Parley in Slack or Teams, a company registers it there as an app. The
// manifest is the document that describes the app to them: its name, permissions, commands and addresses. kong, which
// parses the command line, fills the fields and calls Run.
type manifestCommand struct {
	Slack slackManifestCommand `cmd:"" help:"Print the manifest of the Slack app."`
	Teams teamsManifestCommand `cmd:"" help:"Generate the app package for Microsoft Teams."`
}

// slackManifestCommand is `parley manifest slack`.
type slackManifestCommand struct {
	Name          string `default:"Parley" help:"Name of the app."`
	ShortCommands bool   `help:"Also register the commands /assign, /snooze and /resolve."`
	PublicURL     string `name:"public-url" env:"PARLEY_PUBLIC_URL" placeholder:"URL" help:"Address of Parley's site. With it, agents can sign in there with Slack."`
	HTTP          bool   `name:"http" help:"Receive events as requests to that address instead of over Socket Mode."`
}

// Help is shown by `parley manifest slack --help`.
func (slackManifestCommand) Help() string {
	return `Paste the output at api.slack.com/apps under "Create New App" > "From a manifest".

The app uses Socket Mode, unless --http is given, or SLACK_SIGNING_SECRET is set and SLACK_APP_TOKEN is not.

Examples:
  parley manifest slack > manifest.json
  parley manifest slack --public-url https://help.example.org
  parley manifest slack --public-url https://help.example.org --http`
}

// Run prints the manifest.
func (c slackManifestCommand) Run() error {
	isServeUsingHTTP := isSet("SLACK_SIGNING_SECRET") && !isSet("SLACK_APP_TOKEN") // parley serve with these variables
	return printOutput(slack.JSON(slack.ManifestOptions{
		Name:          c.Name,
		ShortCommands: c.ShortCommands,
		PublicURL:     c.PublicURL,
		HTTP:          c.HTTP || (isServeUsingHTTP && c.PublicURL != ""),
	}))
}

// isSet reports whether an environment variable is set, or its _FILE variant, which names a file with the value.
func isSet(name string) bool { return os.Getenv(name)+os.Getenv(name+"_FILE") != "" }

// teamsManifestCommand is `parley manifest teams`.
type teamsManifestCommand struct {
	AppID        string `name:"app-id" required:"" env:"TEAMS_APP_ID" placeholder:"ID" help:"Microsoft App ID of the bot's registration."`
	PublicURL    string `name:"public-url" required:"" env:"PARLEY_PUBLIC_URL" placeholder:"URL" help:"Where Teams reaches Parley, for example https://help.example.org."`
	Out          string `placeholder:"FILE.zip" help:"Write the package to FILE.zip. Without it, only the manifest is printed."`
	Name         string `default:"Parley" help:"Name of the app, at most 30 characters."`
	AppVersion   string `default:"1.0.0" placeholder:"VERSION" help:"Version of the app. Teams accepts an update only with a higher one (default ${default})."`
	MentionsOnly bool   `help:"Don't request permission to read all messages of channels: agents then answer with @Parley reply: …"`
	Developer    string `help:"Developer of the app. Default: its name."`
	Website      string `placeholder:"URL" help:"The website to which the app's page in Teams links. Default: the public URL."`
	Privacy      string `placeholder:"URL" help:"Your privacy policy. Default: the website."`
	Terms        string `placeholder:"URL" help:"Your terms of use. Default: the website."`
}

// Help is shown by `parley manifest teams --help`.
func (teamsManifestCommand) Help() string {
	return `Upload the package in Teams: Manage team > Apps > Upload an app, or Teams admin center > Manage apps.

Example:
  parley manifest teams --app-id 00000000-0000-0000-0000-000000000000 --public-url https://help.example.org --out parley-teams.zip`
}

// Run writes the package, or prints the manifest.
func (c teamsManifestCommand) Run() error {
	o := teams.ManifestOptions{
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
		return printOutput(teams.JSON(o))
	}

	out, err := teams.Package(o)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Out, out, 0o644); err != nil { //nolint:gosec // nothing in it is secret
		return err
	}

	_, err = fmt.Printf("%s: version %s of the app. Upload it in Teams.\n", c.Out, c.AppVersion)
	return err
}

// printOutput prints the result of a function that may fail, or returns its error.
func printOutput(out []byte, err error) error {
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(out)
	return err
}
