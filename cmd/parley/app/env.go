// Package app wires Parley together: what `parley serve` runs and what tests start.
//
// What does not belong here: rules, SQL, words.
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
	"parley/channels/email/oauth"
	"parley/channels/whatsapp"
	"parley/store"
)

// Env is what the environment says. Secrets come by NAME or NAME_FILE, never by flag.
type Env struct {
	DatabaseURL string
	Data        string
	Listen      string
	PublicURL   string // without a final slash; "" means the world can't reach us
	MasterKey   string
	Log         slog.Level

	SlackBotToken      string
	SlackAppToken      string
	SlackSigningSecret string
	SlackAPIURL        string
	SlackRate          float64

	Teams TeamsEnv

	Objects ObjectsEnv

	SignIn SignInEnv

	AI AIEnv

	// OAuth has Parley's registrations at the providers of mailboxes, by oauth.Google and oauth.Microsoft.
	OAuth map[string]oauth.App
	// SignUp is the company's app at Meta for embedded sign-up; without an AppID there is none.
	SignUp whatsapp.SignUpOptions

	// APIURLs replace providers' base URLs, without a version. The keys are the variables that
	// channels.Spec.APIEnv names.
	APIURLs map[string]string

	// BackupPassphrase seals the master key in backups; "" if it is asked for, or left out.
	BackupPassphrase string

	// MetricsToken lets a scraper elsewhere read /metrics; "" means loopback alone.
	MetricsToken string
}

// errNoDatabaseURL is the fault of a DATABASE_URL that can't be read.
var errNoDatabaseURL = errors.New("DATABASE_URL is no PostgreSQL address; write it like postgres://user:password@host:5432/parley")

// LoadEnv reads the environment once; get is os.LookupEnv, but in tests.
// Errors: every fault, together.
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

// readLevel reads from which level on log entries are written.
func readLevel(v *variables) (level slog.Level) {
	text := v.textOr("PARLEY_LOG", "info")
	if err := level.UnmarshalText([]byte(text)); err != nil {
		v.addFault("PARLEY_LOG: %q is none of debug, info, warn, error", text)
	}
	return level
}

// checkAddresses checks where Parley listens, where it is reached, and where its database is.
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
			v.faults = append(v.faults, errNoDatabaseURL) // in place of err, which may show a password
		}
	}
}

// checkSecrets checks the key to the stored secrets, and the passphrase that seals it in backups.
func (e *Env) checkSecrets(v *variables) {
	if e.MasterKey != "" {
		if _, err := store.NewSealer(e.MasterKey); err != nil {
			v.addFault("PARLEY_MASTER_KEY: %w", err)
		}
	}
	if e.BackupPassphrase != "" {
		if err := CheckPassphrase(e.BackupPassphrase); err != nil {
			v.addFault("PARLEY_BACKUP_PASSPHRASE: %w (without the variable, parley restore asks on a terminal, "+
				"also for a shorter one)", err)
		}
	}
}

// minPassphraseRunes is how many characters the passphrase of a backup has at least.
const minPassphraseRunes = 10

// CheckPassphrase checks a passphrase with which the master key is to be sealed in a backup.
func CheckPassphrase(passphrase string) error {
	if utf8.RuneCountInString(passphrase) < minPassphraseRunes {
		return fmt.Errorf("the passphrase is too short: at least %d characters", minPassphraseRunes)
	}
	return nil
}

// checkSlack checks that Slack's address can be read, and that its tokens are set together.
func (e *Env) checkSlack(v *variables) {
	if e.SlackAPIURL != "" && !channels.IsWebAddress(e.SlackAPIURL) {
		v.addFault("SLACK_API_URL: write it like https://slack.com/api/")
	}

	// A mistaken token would look like one that Slack has revoked.
	if strings.HasPrefix(e.SlackBotToken, "xapp-") {
		v.addFault("SLACK_BOT_TOKEN is an app-level token (xapp-…), which belongs into SLACK_APP_TOKEN; the bot token begins with xoxb-")
	}
	if strings.HasPrefix(e.SlackAppToken, "xox") {
		v.addFault("SLACK_APP_TOKEN is no app-level token: that one begins with xapp-; the bot token (xoxb-…) belongs into SLACK_BOT_TOKEN")
	}

	eventsCanCome := e.SlackAppToken != "" || e.SlackSigningSecret != ""
	if e.SlackBotToken != "" && !eventsCanCome {
		v.addFault("SLACK_BOT_TOKEN needs SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (requests) beside it")
	}
	if e.SlackBotToken == "" && eventsCanCome {
		v.addFault("SLACK_BOT_TOKEN is missing; the other Slack variables do nothing without it")
	}
}
