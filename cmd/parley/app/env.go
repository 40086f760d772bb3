// Package app wires Parley together: what `parley serve` runs and what tests start.
//
// What does not belong here: rules, SQL, words.
package app

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
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

// lookup reads a variable of the environment, as os.LookupEnv does.
type lookup func(string) (string, bool)

// LoadEnv reads the environment once. Errors: every fault, together.
func LoadEnv(get func(string) (string, bool)) (Env, error) {
	var faults []error
	read := func(name, def string) string {
		value, err := readVariable(get, name)
		if err != nil {
			faults = append(faults, err)
		}
		return cmp.Or(value, def)
	}

	e := Env{
		DatabaseURL:        read("DATABASE_URL", ""),
		Data:               read("PARLEY_DATA", "./data"),
		Listen:             read("PARLEY_LISTEN", defaultListen),
		PublicURL:          strings.TrimRight(read("PARLEY_PUBLIC_URL", ""), "/"),
		MasterKey:          read("PARLEY_MASTER_KEY", ""),
		SlackBotToken:      read("SLACK_BOT_TOKEN", ""),
		SlackAppToken:      read("SLACK_APP_TOKEN", ""),
		SlackSigningSecret: read("SLACK_SIGNING_SECRET", ""),
		SlackAPIURL:        read("SLACK_API_URL", ""),
		MetricsToken:       read("PARLEY_METRICS_TOKEN", ""),
		BackupPassphrase:   read("PARLEY_BACKUP_PASSPHRASE", ""),
	}

	faults = append(faults, e.readAPIURLs(read)...)
	faults = append(faults, e.Teams.read(read)...)
	faults = append(faults, e.Objects.read(read)...)
	faults = append(faults, e.SignIn.read(read)...)
	faults = append(faults, e.AI.read(read)...)
	faults = append(faults, e.readConsent(read)...)
	faults = append(faults, e.check(read("PARLEY_LOG", "info"), read("SLACK_RATE", "1"))...)
	if err := errors.Join(faults...); err != nil {
		return e, fmt.Errorf("environment: %w", err)
	}

	return e, nil
}

// check parses the values that aren't plain text, and checks that variables that need each other are set together.
func (e *Env) check(level, rate string) []error {
	faults := e.checkAddresses()
	faults = append(faults, e.checkSlack(rate)...)

	if err := e.Log.UnmarshalText([]byte(level)); err != nil {
		faults = append(faults, fmt.Errorf("PARLEY_LOG: %q is none of debug, info, warn, error", level))
	}

	if e.MasterKey != "" {
		if _, err := store.NewSealer(e.MasterKey); err != nil {
			faults = append(faults, fmt.Errorf("PARLEY_MASTER_KEY: %w", err))
		}
	}

	if e.BackupPassphrase != "" {
		if err := CheckPassphrase(e.BackupPassphrase); err != nil {
			faults = append(faults, fmt.Errorf(
				"PARLEY_BACKUP_PASSPHRASE: %w (without the variable, parley restore asks on a terminal, also for a shorter one)", err))
		}
	}

	if e.Teams.AllowUnsigned && !isLoopback(e.Listen) {
		faults = append(faults, errors.New(
			"TEAMS_ALLOW_UNSIGNED: PARLEY_LISTEN is not on loopback; let it be 127.0.0.1:8080, or unset TEAMS_ALLOW_UNSIGNED"))
	}

	return faults
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

// checkAddresses checks where Parley listens, where it is reached, and where its database is.
func (e *Env) checkAddresses() (faults []error) {
	if _, _, err := net.SplitHostPort(e.Listen); err != nil {
		faults = append(faults, fmt.Errorf("PARLEY_LISTEN: %q is no address; write host:port", e.Listen))
	}
	if e.PublicURL != "" && !channels.IsWebAddress(e.PublicURL) {
		faults = append(faults, errors.New("PARLEY_PUBLIC_URL: write it like https://help.example.org"))
	}
	if e.DatabaseURL != "" {
		if _, err := pgxpool.ParseConfig(e.DatabaseURL); err != nil { // it may hold a password: not shown
			faults = append(faults, errNoDatabaseURL)
		}
	}
	return faults
}

// checkSlack parses the factor on Slack's published rates, and checks what the other variables of Slack say.
func (e *Env) checkSlack(rate string) (faults []error) {
	factor, err := parseFactor("SLACK_RATE", rate)
	if err != nil {
		faults = append(faults, err)
	}

	e.SlackRate = factor

	if e.SlackAPIURL != "" && !channels.IsWebAddress(e.SlackAPIURL) {
		faults = append(faults, errors.New("SLACK_API_URL: write it like https://slack.com/api/"))
	}

	eventsCanCome := e.SlackAppToken != "" || e.SlackSigningSecret != ""
	if e.SlackBotToken != "" && !eventsCanCome {
		faults = append(faults, errors.New(
			"SLACK_BOT_TOKEN needs SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (requests) beside it"))
	}
	if e.SlackBotToken == "" && eventsCanCome {
		faults = append(faults, errors.New("SLACK_BOT_TOKEN is missing; the other Slack variables do nothing without it"))
	}

	return faults
}

// maxFactor is the highest factor on a provider's published rates that can be meant.
const maxFactor = 1000

// parseFactor reads a factor on a provider's published rates.
func parseFactor(name, value string) (float64, error) {
	f, err := strconv.ParseFloat(value, 64)
	isInRange := f >= 0 && f <= maxFactor // false for NaN, too
	if err != nil || !isInRange {
		return 0, fmt.Errorf("%s: %q is no factor; 1 is the provider's published rate, 0 is none", name, value)
	}
	return f, nil
}

// readVariable reads NAME, or the file that NAME_FILE names without its final newline.
func readVariable(get lookup, name string) (string, error) {
	value, _ := get(name) // "" if it isn't set
	path, _ := get(name + "_FILE")
	if path == "" {
		return value, nil
	}
	if value != "" {
		return "", fmt.Errorf("%s and %s_FILE are both set; keep one", name, name)
	}

	body, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}

	value = strings.TrimRight(string(body), "\r\n")
	if value == "" {
		return "", fmt.Errorf("%s_FILE: %s is empty", name, path)
	}

	return value, nil
}
