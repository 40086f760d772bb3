package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"

	"parley/cmd/parley/app"
)

// routeCommand is `parley route`. It says who would get conversations by the rules, and changes nothing.
type routeCommand struct {
	DryRun  bool   `help:"Say who would have got the latest conversations."`
	Last    int    `help:"Of how many conversations." default:"1000"`
	Account string `help:"The account whose rules are asked. Default: all that have rules." placeholder:"NAME"`
	Text    string `help:"Say who would get the conversation that a customer begins now with this text."`
	Address string `help:"The customer's address or number." placeholder:"ADDRESS"`
}

// Help is shown by `parley route --help`.
func (routeCommand) Help() string {
	return `Changes nothing, and tells nobody. ` +
		`With --dry-run the rules as they are now are asked about each of the latest conversations when it began, as if they had given ` +
		`away all of them. Hours and room count as they would have; nobody counts as away, and of customers what is known now.

Examples:
  parley route --dry-run --account support-mail --last 100
  parley route --text "Wo ist meine Rechnung?" --address ann@shop.example --account support-mail`
}

// Run prints a line for each conversation, or what is found for a text.
func (c routeCommand) Run(ctx context.Context) error {
	if c.DryRun == (c.Text != "") {
		return fmt.Errorf("give either --dry-run, or --text with the text of a customer")
	}
	if c.Text != "" && c.Account == "" {
		return fmt.Errorf("give --account, to which the customer writes")
	}
	return withDatabase(ctx, databaseUse{readOnly: true}, func(ctx context.Context, env app.Env, db *app.Database, log *slog.Logger) error {
		if c.DryRun {
			trials, err := app.TryLatestRules(ctx, db.Pool, c.Account, c.Last)
			if err != nil {
				return err
			}
			return printTrials(os.Stdout, trials)
		}

		analyzer, end, err := app.NewAnalyzer(ctx, env, log)
		if err != nil {
			return err
		}
		defer end()
		t, err := app.TryRules(ctx, db.Pool, analyzer, c.Account, c.Address, c.Text)
		if err != nil {
			return err
		}
		_, err = io.WriteString(os.Stdout, printable(strings.Join(append([]string{t.Outcome}, t.Reasons...), "\n  ")+"\n"))
		return err
	})
}

// printTrials prints a line for each conversation, and then how many each person would get.
func printTrials(out io.Writer, trials []app.RuleTrial) error {
	var b strings.Builder
	given := map[string]int{}
	for _, t := range trials {
		given[t.Who]++
		words := strings.Join(append([]string{t.Outcome}, t.Reasons...), "; ")
		fmt.Fprintf(&b, "#%d  %s  %s  %s\n", t.ID, t.CreatedAt.Format("2006-01-02 15:04"), t.Account, words)
	}
	fmt.Fprintf(&b, "\nOf %d conversations:\n", len(trials))
	most := func(a, b string) int { return given[b] - given[a] }
	for _, who := range slices.SortedStableFunc(slices.Values(slices.Sorted(maps.Keys(given))), most) {
		name := who
		if who == "" {
			name = "nobody: they wait"
		}
		fmt.Fprintf(&b, "%6d  %s\n", given[who], name)
	}
	_, err := io.WriteString(out, printable(b.String()))
	return err
}
