package operate

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"parley/bridge/analysis"
	"parley/channels"
	"parley/store"
	"parley/store/blob"
)

// checkTimeout limits each check.
const checkTimeout = 2 * time.Minute

// maxParallelChecks is how many checks run at the same time.
const maxParallelChecks = 8

// Bucket is an object store that can be tested.
type Bucket interface {
	blob.Objects
	// Try writes, reads and removes a small object, and asks for one that doesn't exist.
	Try(ctx context.Context) error
	// Where describes the bucket to people.
	Where() string
}

// Model is a language model that can be tested.
type Model interface {
	// Probe sends the model a short question, without any customer's words, and reports whether it works.
	Probe(ctx context.Context) analysis.Condition
}

// Options say what Doctor checks. Unless documented otherwise, a nil or empty field leaves its subject out. A channel is
// the code for one kind of account to which customers write, such as a mailbox; a surface is the code for a chat in which
// agents work, such as Slack.
type Options struct {
	Pool     *pgxpool.Pool
	Sealer   *store.Sealer   // decrypts stored secrets; nil if there is no master key, which is a finding
	Specs    []channels.Spec // all kinds of accounts
	Surfaces map[string]any  // the configured surfaces by kind; those that are neither a channels.Checker nor a finder can't be tested
	// SurfacesFault is why the configured surfaces could not be determined; nil means that Surfaces is complete.
	SurfacesFault error
	// Outside returns the network part of a channel's Env; nil means an empty Env.
	Outside func(spec channels.Spec, account string, config channels.Config) channels.Env
	// Grant returns the OAuth consent with which an account signs in at a provider, or nil if there is none.
	Grant   func(account store.Account, provider string) channels.Grant
	Objects Bucket           // the store of old files; nil if they are in the database
	Model   Model            // analyses customers' messages; nil if Parley's own rules do
	SignIn  channels.Checker // the provider of OIDC_ISSUER, with which agents sign in
	Now     func() time.Time // this machine's clock; nil means time.Now
	Log     *slog.Logger
}

// Level is the severity of a finding.
type Level string

// The levels of findings.
const (
	Good  Level = "good"
	Odd   Level = "odd"   // works, but is probably not intended
	Wrong Level = "wrong" // has to be corrected
)

// mark returns the sign that precedes a finding.
func (l Level) mark() string {
	switch l {
	case Good:
		return "✓"
	case Odd:
		return "!"
	case Wrong:
		return "✗"
	}
	return ""
}

// Finding is the result of one check.
type Finding struct {
	Level           Level
	What            string // what was checked: "IMAP login"
	Text            string // the result
	Hint            string // what to do about it; "" if nothing has to be done
	MayNameCustomer bool   // Text may contain a customer's name or address
}

// Section has the findings about one subject.
type Section struct {
	Name     string          // "database", "account support-mail"
	Account  store.AccountID // 0 if the subject isn't an account
	Findings []Finding
}

// InspectReport is the result of Doctor. Its text looks like this:
//
//	database
//	  ✓ server: PostgreSQL 15 or newer, UTF8
//	  ✗ schema: not up to date
//	      → Run parley migrate, or start parley serve.
type InspectReport struct{ Sections []Section }

// IsBroken reports whether a finding is Wrong. `parley doctor` then exits with status 1.
func (r InspectReport) IsBroken() bool {
	for _, s := range r.Sections {
		for _, f := range s.Findings {
			if f.Level == Wrong {
				return true
			}
		}
	}
	return false
}

// Text formats the report for a terminal.
func (r InspectReport) Text() string {
	var b strings.Builder
	for i, s := range r.Sections {
		if i > 0 {
			b.WriteString("\n")
		}

		b.WriteString(s.Name + "\n")
		for _, f := range s.Findings {
			b.WriteString("  " + f.Level.mark() + " " + f.What + ": " + f.Text + "\n")
			if f.Hint != "" {
				b.WriteString("      → " + f.Hint + "\n")
			}
		}
	}

	return b.String()
}

// addGood adds a Good finding. format and args are as for fmt.Sprintf.
func (s *Section) addGood(what, format string, args ...any) {
	s.Findings = append(s.Findings, Finding{Level: Good, What: what, Text: fmt.Sprintf(format, args...)})
}

// addOdd adds an Odd finding.
func (s *Section) addOdd(what, text, hint string) {
	s.Findings = append(s.Findings, Finding{Level: Odd, What: what, Text: text, Hint: hint})
}

// addWrong adds a Wrong finding.
func (s *Section) addWrong(what, text, hint string) {
	s.Findings = append(s.Findings, Finding{Level: Wrong, What: what, Text: text, Hint: hint})
}

// addChecked adds the findings of a channels.Checker.
func (s *Section) addChecked(list []channels.Finding) {
	for _, f := range list {
		level := Good
		if !f.OK {
			level = Wrong
		}
		s.Findings = append(s.Findings, Finding{Level: level, What: f.What, Text: f.Text, Hint: f.Hint})
	}
}

// Doctor checks everything that Parley needs, and says what to do about each problem. If a check fails to run, that is a
// finding and not an error. Doctor changes nothing, except that it writes a small object to the object store and removes
// it again. It asks the model a short question, for which the provider may charge.
func Doctor(ctx context.Context, o Options) InspectReport {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}

	database, ready := o.checkDatabase(ctx)
	report := InspectReport{Sections: []Section{database}}
	if !ready {
		return report
	}

	directory, err := store.LoadDirectory(ctx, o.Pool)
	if err != nil {
		report.Sections[0].addWrong("set-up", "it can't be read: "+err.Error(), "See the database's log.")
		return report
	}

	sections := runTogether(ctx, o.listChecks(ctx, directory))
	return InspectReport{Sections: append(report.Sections, sections...)}
}

// listChecks returns all checks except that of the database.
func (o Options) listChecks(ctx context.Context, directory store.Directory) []func(context.Context) Section {
	checks := []func(context.Context) Section{
		func(ctx context.Context) Section {
			s := checkPeople(directory)
			o.checkChannels(ctx, &s, directory)
			return s
		},
		func(ctx context.Context) Section { return checkQuarantine(ctx, o.Pool) },
		func(ctx context.Context) Section { return checkFigures(ctx, o.Pool) },
		o.checkAnalyses,
	}

	moved, movedErr := blob.HashOfMoved(ctx, o.Pool)
	usesObjects := o.Objects != nil || moved != ""
	if usesObjects || movedErr != nil {
		checks = append(checks, func(ctx context.Context) Section { return o.checkFiles(ctx, moved, movedErr) })
	}

	waiting, err := store.ReadStats(ctx, o.Pool)
	if err == nil && len(waiting.Suggestions) > 0 { // checkAnalyses, which reads the same figures, reports an error
		checks = append(checks, func(context.Context) Section { return listSuggestions(waiting.Suggestions) })
	}
	if o.SignIn != nil {
		checks = append(checks, o.checkSignIn)
	}

	for _, a := range directory.Accounts {
		switch a.Side {
		case store.SideSystem: // Parley's own account: nothing to check
		case store.SideSurface:
			checks = append(checks, func(ctx context.Context) Section { return o.checkSurface(ctx, a, directory) })
		case store.SideChannel:
			checks = append(checks, func(ctx context.Context) Section { return o.checkAccount(ctx, a, directory) })
		}
	}

	return checks
}

// runTogether runs checks concurrently, so that a server that doesn't respond delays only its own check. It returns the
// sections in the order of the checks.
func runTogether(ctx context.Context, checks []func(context.Context) Section) []Section {
	sections := make([]Section, len(checks))
	var group errgroup.Group
	group.SetLimit(maxParallelChecks)
	for i, check := range checks {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, checkTimeout)
			defer cancel()
			sections[i] = check(ctx)
			return nil
		})
	}
	_ = group.Wait() // the functions return no errors
	return sections
}
