// Package app builds a Parley process from its parts: it reads the environment, opens the database, connects the
// engine with mailboxes and chats, and serves HTTP. `parley serve` runs an App, and so do end-to-end tests. Business
// rules, SQL and the texts of messages belong into other packages.
package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels"
	emailmailbox "parley/channels/email/mailbox"
	"parley/channels/meta"
	"parley/store"
)

// Env is the configuration of a process, as LoadEnv reads it from environment variables. A variable's value may also be
// in a file: PARLEY_MASTER_KEY_FILE names the file with the value of PARLEY_MASTER_KEY. There are no command-line flags
// for secrets. Accounts, teams and agents aren't configured here but in the database.
type Env struct {
	DatabaseURL string // "" means the embedded server in Data
	Data        string // the data directory
	Listen      string // host:port of the HTTP server
	PublicURL   string // where the Internet reaches that server, without a final slash; "" if it doesn't
	MasterKey   string // "" means that it is in a file of Data
	Log         slog.Level

	SlackBotToken      string // "" if Slack isn't configured by the environment
	SlackAppToken      string
	SlackSigningSecret string
	SlackAPIURL        string  // "" means Slack's own
	SlackRate          float64 // factor on Slack's published rate limits; 0 means no limit

	Teams TeamsEnv

	Objects ObjectsEnv

	SignIn SignInEnv

	AI AIEnv

	// OAuth has Parley's app registrations at the providers of mailboxes, by oauth.Google and oauth.Microsoft.
	OAuth map[string]emailmailbox.App
	// SignUp is the company's app at Meta, with which people connect WhatsApp numbers; AppID is "" if there is none.
	SignUp meta.SignUpOptions

	// APIURLs replace the base URLs of providers, without a version. The keys are names of variables, such as
	// TWILIO_API_URL, from channels.Spec.APIEnv.
	APIURLs map[string]string

	// BackupPassphrase encrypts the master key in backups. If it is "", commands ask for it.
	BackupPassphrase string

	// MetricsToken lets scrapers on other machines read /metrics; "" restricts it to this machine.
	MetricsToken string
}

// errNoDatabaseURL means that DATABASE_URL can't be parsed.
var errNoDatabaseURL = errors.New("DATABASE_URL is no PostgreSQL address; write it like postgres://user:password@host:5432/parley")

// LoadEnv reads and checks the environment. get is os.LookupEnv, except in tests.
// Errors: all faults, joined, so that an admin can correct them in one go.
func LoadEnv(get func(string) (string, bool)) (Env, error) {
	v := &variables{get: get}
	e := Env{
		DatabaseURL:        v.text("DATABASE_URL"),
		Data:               v.textOr("PARLEY_DATA", "./data"),
		Listen:             v.textOr("PARLEY_LISTEN", defaultListen),
		PublicURL:          strings.TrimRight(v.text("PARLEY_PUBLIC_URL"), "/"),
		MasterKey:          v.text("PARLEY_MASTER_KEY"),
		Log:                readLevel(v),
		SlackBotToken:      v.text("SLACK_BOT_TOKEN"),
		SlackAppToken:      v.text("SLACK_APP_TOKEN"),
		SlackSigningSecret: v.text("SLACK_SIGNING_SECRET"),
		SlackAPIURL:        v.text("SLACK_API_URL"),
		SlackRate:          v.factor("SLACK_RATE"),
		Teams:              readTeams(v),
		Objects:            readObjects(v),
		SignIn:             readSignIn(v),
		AI:                 readAI(v),
		OAuth:              readRegistrations(v),
		SignUp:             readSignUp(v),
		APIURLs:            readAPIURLs(v),
		BackupPassphrase:   v.text("PARLEY_BACKUP_PASSPHRASE"),
		MetricsToken:       v.text("PARLEY_METRICS_TOKEN"),
	}
	e.checkAddresses(v)
	e.checkSecrets(v)
	e.checkSlack(v)
	return e, v.err()
}

// readLevel reads the minimum level of log entries.
func readLevel(v *variables) (level slog.Level) {
	text := v.textOr("PARLEY_LOG", "info")
	if err := level.UnmarshalText([]byte(text)); err != nil {
		v.addFault("PARLEY_LOG: %q is none of debug, info, warn, error", text)
	}
	return level
}

// checkAddresses checks the addresses of the HTTP server and of the database.
func (e *Env) checkAddresses(v *variables) {
	if _, _, err := net.SplitHostPort(e.Listen); err != nil {
		v.addFault("PARLEY_LISTEN: %q isn't an address; write host:port", e.Listen)
	}
	if e.Teams.AllowUnsigned && !isLoopback(e.Listen) {
		v.addFault("TEAMS_ALLOW_UNSIGNED: PARLEY_LISTEN is not on loopback; let it be 127.0.0.1:8080, or unset TEAMS_ALLOW_UNSIGNED")
	}
	if e.PublicURL != "" && !channels.IsWebAddress(e.PublicURL) {
		v.addFault("PARLEY_PUBLIC_URL: write it like https://help.example.org")
	}
	if e.DatabaseURL != "" {
		if _, err := pgxpool.ParseConfig(e.DatabaseURL); err != nil {
			v.faults = append(v.faults, errNoDatabaseURL) // not err, which may contain a password
		}
	}
}

// checkSecrets checks the master key, and the passphrase that encrypts it in backups.
func (e *Env) checkSecrets(v *variables) {
	if e.MasterKey != "" {
		if _, err := store.NewSealer(e.MasterKey); err != nil {
			v.addFault("PARLEY_MASTER_KEY: %w", err)
		}
	}
	if e.BackupPassphrase != "" {
		if err := CheckPassphrase(e.BackupPassphrase); err != nil {
			v.addFault("PARLEY_BACKUP_PASSPHRASE: %w (without the variable, parley restore asks on a terminal, "+
				"also for one that is no longer taken)", err)
		}
	}
}

// minPassphraseRunes is the minimum length of a backup's passphrase.
const minPassphraseRunes = 10

// CheckPassphrase returns an error if a passphrase is too short to encrypt the master key in a backup, or only blanks.
func CheckPassphrase(passphrase string) error {
	if strings.TrimSpace(passphrase) == "" {
		return errors.New("the passphrase is empty, or only blanks")
	}
	if utf8.RuneCountInString(passphrase) < minPassphraseRunes {
		return fmt.Errorf("the passphrase is too short: at least %d characters", minPassphraseRunes)
	}
	return nil
}

// checkSlack checks the address of Slack's API, and that the tokens are complete and not swapped.
func (e *Env) checkSlack(v *variables) {
	if e.SlackAPIURL != "" && !channels.IsWebAddress(e.SlackAPIURL) {
		v.addFault("SLACK_API_URL: write it like https://slack.com/api/")
	}

	// Slack would refuse a swapped token as invalid, without saying why.
	if strings.HasPrefix(e.SlackBotToken, "xapp-") {
		v.addFault("SLACK_BOT_TOKEN is an app-level token (xapp-…), which belongs into SLACK_APP_TOKEN; the bot token begins with xoxb-")
	}
	if strings.HasPrefix(e.SlackAppToken, "xox") {
		v.addFault("SLACK_APP_TOKEN is no app-level token: that one begins with xapp-; the bot token (xoxb-…) belongs into SLACK_BOT_TOKEN")
	}

	canReceiveEvents := e.SlackAppToken != "" || e.SlackSigningSecret != ""
	if e.SlackBotToken != "" && !canReceiveEvents {
		v.addFault("SLACK_BOT_TOKEN needs SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (requests) beside it")
	}
	if e.SlackBotToken == "" && canReceiveEvents {
		v.addFault("SLACK_BOT_TOKEN is missing; the other Slack variables do nothing without it")
	}
}
