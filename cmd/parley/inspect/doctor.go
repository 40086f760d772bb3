package inspect

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
	"parley/store/stats"
)

// checkTimeout limits the time to examine one account or surface.
const checkTimeout = 2 * time.Minute

// maxParallelChecks is how many accounts and surfaces are examined at the same time.
const maxParallelChecks = 8

// Bucket is what the doctor asks of an object store.
type Bucket interface {
	blob.Objects
	// Try writes, reads and removes a small object of its own, and asks for one that can't be there.
	Try(ctx context.Context) error
	// Where names the place for people.
	Where() string
}

// Model is what the doctor asks of a language model.
type Model interface {
	// Probe sends the model a short question without any customer's words, and says whether it works.
	Probe(ctx context.Context) analysis.Condition
}

// Options say what Doctor examines. A field that is nil or "" leaves that out, unless it says otherwise.
type Options struct {
	Pool     *pgxpool.Pool
	Sealer   *store.Sealer // nil if there is no master key
	Specs    []channels.Spec
	Surfaces map[string]any // the configured surfaces by kind. Each is a channels.Checker or a finder; others can't be examined
	// SurfacesFault is why it isn't known which surfaces are configured; nil means that Surfaces has all of them.
	SurfacesFault error
	// Outside returns the part of a channel's Env that is about the network; nil means an empty Env.
	Outside func(spec channels.Spec, account string, config channels.Config) channels.Env
	// Grant returns the consent by which an account signs in at a provider, or nil if there is none.
	Grant   func(account store.Account, provider string) channels.Grant
	Objects Bucket           // where old files are; nil if they are in the database
	Model   Model            // reads what customers write; nil if rules do, without a network
	SignIn  channels.Checker // the provider of OIDC_ISSUER, by which agents sign in; nil if there is none
	Backups string           // the folder with the embedded server's backups; "" for an external database, which has its own
	Now     func() time.Time // this machine's clock; nil means time.Now
	Log     *slog.Logger
}

// Level says how much a finding matters.
type Level string

// Levels.
const (
	Good  Level = "good"
	Odd   Level = "odd" // works, but probably isn't intended
	Wrong Level = "wrong"
)

// mark returns the sign that stands before a finding.
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

// Finding is one line of the doctor.
type Finding struct {
	Level           Level
	What            string // "IMAP login"
	Text            string // what was found
	Hint            string // what to do next; "" if nothing is to be done
	MayNameCustomer bool   // in Text
}

// Section is all findings about one thing, with its name as heading.
type Section struct {
	Name     string          // "database", "account support-mail"
	Account  store.AccountID // 0 means that it is about no account
	Findings []Finding
}

// Report is all that the doctor found.
type Report struct{ Sections []Section }

// IsBroken reports whether something is wrong: then `parley doctor` exits with 1.
func (r Report) IsBroken() bool {
	for _, s := range r.Sections {
		for _, f := range s.Findings {
			if f.Level == Wrong {
				return true
			}
		}
	}
	return false
}

// Text writes the report for a terminal.
func (r Report) Text() string {
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

// addGood adds a finding that is in order. format and args are as for fmt.Sprintf.
func (s *Section) addGood(what, format string, args ...any) {
	s.Findings = append(s.Findings, Finding{Level: Good, What: what, Text: fmt.Sprintf(format, args...)})
}

// addOdd adds a finding that works, but probably isn't intended.
func (s *Section) addOdd(what, text, hint string) {
	s.Findings = append(s.Findings, Finding{Level: Odd, What: what, Text: text, Hint: hint})
}

// addWrong adds a finding that somebody has to put right.
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

// Doctor examines everything that Parley needs and says what to do. If something can't be examined, that is a
// finding and not an error. It changes nothing, except that it writes a small object into the object store
// and removes it again, and that it asks the model a short question.
func Doctor(ctx context.Context, o Options) Report {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}

	database, ready := o.checkDatabase(ctx)
	report := Report{Sections: []Section{database}}
	if !ready {
		return report
	}

	directory, err := store.LoadDirectory(ctx, o.Pool)
	if err != nil {
		report.Sections[0].addWrong("set-up", "it can't be read: "+err.Error(), "See the database's log.")
		return report
	}

	sections := runTogether(ctx, o.listChecks(ctx, directory))
	return Report{Sections: append(report.Sections, sections...)}
}

// listChecks returns what there is to examine beside the database itself.
func (o Options) listChecks(ctx context.Context, directory store.Directory) []func(context.Context) Section {
	checks := []func(context.Context) Section{
		func(context.Context) Section { return checkPeople(directory) },
		func(ctx context.Context) Section { return checkQuarantine(ctx, o.Pool) },
		func(ctx context.Context) Section { return checkFigures(ctx, o.Pool) },
		o.checkAnalyses,
	}

	moved, movedErr := blob.HashOfMoved(ctx, o.Pool)
	usesObjects := o.Objects != nil || moved != ""
	if usesObjects || movedErr != nil {
		checks = append(checks, func(ctx context.Context) Section { return o.checkFiles(ctx, moved, movedErr) })
	}

	waiting, err := stats.Read(ctx, o.Pool)
	if err == nil && len(waiting.Suggestions) > 0 { // checkAnalyses, which reads the same figures, reports an error
		checks = append(checks, func(context.Context) Section { return listSuggestions(waiting.Suggestions) })
	}
	if o.Backups != "" {
		checks = append(checks, o.checkBackups)
	}
	if o.SignIn != nil {
		checks = append(checks, o.checkSignIn)
	}

	for _, a := range directory.Accounts {
		switch a.Side {
		case store.SideSystem: // Parley's own account has nothing to examine
		case store.SideSurface:
			checks = append(checks, func(ctx context.Context) Section { return o.checkSurface(ctx, a, directory) })
		case store.SideChannel:
			checks = append(checks, func(ctx context.Context) Section { return o.checkAccount(ctx, a, directory) })
		}
	}

	return checks
}

// runTogether runs checks at the same time, so that a server that doesn't answer holds up only its own check. It returns their
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
	_ = group.Wait() // checks return findings, no errors
	return sections
}
