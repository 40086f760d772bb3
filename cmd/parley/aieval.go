package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/evaluation"
	"parley/bridge/analysis/offline"
	"parley/bridge/analysis/openai"
)

// aiEvalCommand is `parley ai-eval`: it measures how well an analyzer understands what customers write. Its input is a
// set of labelled messages, for which people have written down the right answers. "Wo bleibt mein Paket?", for example,
// has the language "de". The report says for each field how often the analyzer was right. An analyzer is a language
// model, or Parley's own rules (offline). kong, which parses the command line, fills the fields and calls Run.
type aiEvalCommand struct {
	Analyzer    string        `default:"offline" enum:"offline,openai,majority" help:"The analyzer to measure: ${enum}; majority always gives the most frequent answer."`
	Model       string        `env:"OPENAI_MODEL" placeholder:"NAME" help:"With openai: the model."`
	BaseURL     string        `name:"base-url" env:"OPENAI_BASE_URL" placeholder:"URL" help:"With openai: another server."`
	KeyFrom     string        `default:"OPENAI_API_KEY" placeholder:"VARIABLE" help:"With openai: the variable with the key."`
	Half        string        `default:"unseen" enum:"dev,unseen,all,dev2,dev3,check,check2,check3" help:"Which part of Parley's own set to use: ${enum} (default ${default}). The offline model was tuned on dev, dev2 and dev3, so good results there mean little; nobody tunes on unseen, check, check2 and check3."`
	Set         string        `placeholder:"FILE" help:"Use your own labelled messages, one a line, instead of Parley's; - is standard input."`
	JSON        string        `name:"json" placeholder:"FILE" help:"Also write the figures to FILE."`
	Show        int           `placeholder:"N" help:"Show the first N messages with wrong answers; only with --half dev or your own --set."`
	Parallel    int           `default:"1" placeholder:"N" help:"Number of concurrent questions; with more than one, the measured times mean little."`
	Deadline    time.Duration `default:"30s" help:"Time limit for one answer (default ${default})."`
	PromptPrice float64       `placeholder:"PRICE" help:"The provider's price of a million tokens of questions."`
	AnswerPrice float64       `placeholder:"PRICE" help:"The provider's price of a million tokens of answers."`
}

// Help is shown by `parley ai-eval --help`.
func (aiEvalCommand) Help() string {
	return `Analyses each message of a labelled set, compares the answers with the labels, and prints how often each field was right.
Needs no database and changes nothing. With openai, the provider charges for some hundred short questions. docs/ai.md
explains the report.

Examples:
  parley ai-eval
  parley ai-eval --half dev --show 20
  parley ai-eval --set ours.jsonl --json ours.json
  parley ai-eval --analyzer openai --model small-model --base-url localhost:11434`
}

// Run measures the analyzer and prints the report.
// Errors: all faults of the labelled messages, with their lines and fields; --show isn't allowed; those of ask; an output
// can't be written.
func (c aiEvalCommand) Run(ctx context.Context) error {
	messages, name, err := c.readMessages()
	if err != nil {
		return err
	}

	mayShow := c.Set != "" || c.Half == string(evaluation.Dev)
	if c.Show > 0 && !mayShow {
		return errors.New("ai-eval: --show is for --half dev, or a --set of yours: nobody looks at the unseen half, " +
			"so that its figures stay true")
	}

	outcome, err := c.ask(ctx, messages)
	if err != nil {
		return fmt.Errorf("ai-eval: %w", err)
	}

	report, err := c.judge(ctx, messages, outcome)
	if err != nil {
		return err
	}

	report.Set = name
	if err := report.WriteText(os.Stdout); err != nil {
		return fmt.Errorf("ai-eval: print the report: %w", err)
	}
	if c.Show > 0 {
		if err := evaluation.WriteWrong(os.Stdout, outcome.Results, c.Show); err != nil {
			return fmt.Errorf("ai-eval: show wrong answers: %w", err)
		}
	}

	return c.write(report)
}

// ask has the chosen analyzer analyse each message. In production, Parley's own rules step in if a model doesn't answer.
// Here they don't, so that the report shows how often that happens.
// Errors: the model's flags or variables are wrong; no message was answered; ctx ended.
func (c aiEvalCommand) ask(ctx context.Context, messages []evaluation.Message) (evaluation.Outcome, error) {
	options := evaluation.Options{
		Desk:     newEvaluationDesk(),
		Now:      time.Now,
		CPU:      spentCPU,
		Parallel: c.Parallel,
		Deadline: c.Deadline,
	}
	switch c.Analyzer {
	case "offline":
		return evaluation.Run(ctx, offline.New(), messages, options)
	case "openai":
		return c.askModel(ctx, messages, options)
	default:
		return evaluation.Run(ctx, evaluation.Majority(messages), messages, options)
	}
}

// askModel is ask for a language model. Its errors are those of ask.
func (c aiEvalCommand) askModel(
	ctx context.Context, messages []evaluation.Message, options evaluation.Options,
) (evaluation.Outcome, error) {
	model, err := openai.New(ctx, openai.Options{
		Key:         openai.NewKey(os.Getenv(c.KeyFrom)),
		BaseURL:     c.BaseURL,
		Model:       c.Model,
		Timeout:     c.Deadline,
		Concurrency: max(1, c.Parallel),
		Mask:        true,
	})
	if err != nil {
		return evaluation.Outcome{}, err
	}
	defer model.Close() //nolint:errcheck // all answers have been received

	outcome, err := evaluation.Run(ctx, meteredModel{model}, messages, options)
	if err != nil {
		return outcome, err
	}

	isAnswered := func(r evaluation.Result) bool { return r.Err == nil }
	if len(messages) > 0 && !slices.ContainsFunc(outcome.Results, isAnswered) {
		return outcome, c.explainSilence(ctx, model, outcome.Results)
	}
	return outcome, nil
}

// explainSilence returns the error for a model that has answered no message. It says which server was asked, why the
// first message got no answer, and which flags to check.
func (c aiEvalCommand) explainSilence(ctx context.Context, model *openai.Analyzer, results []evaluation.Result) error {
	server := cmp.Or(c.BaseURL, "OpenAI")
	condition := model.Probe(ctx)
	if condition.Status == analysis.Working {
		condition.Text = "It did answer another short question."
	}

	return fmt.Errorf("%s answered none of %d messages: %w\n%s %s\n--base-url (OPENAI_BASE_URL) is the server's address, "+
		"--model (OPENAI_MODEL) names the model, and the key is read from %s",
		server, len(results), results[0].Err, condition.Text, condition.Hint, c.KeyFrom)
}

// judge compares the answers with the labels. As a baseline, the report also has the figures of an analyzer that always
// gives the most frequent answer (Majority).
func (c aiEvalCommand) judge(ctx context.Context, messages []evaluation.Message, outcome evaluation.Outcome) (evaluation.Report, error) {
	report := evaluation.Score(outcome, evaluation.Price{Prompt: c.PromptPrice, Answer: c.AnswerPrice})
	report.Analyzer = c.Analyzer

	options := evaluation.Options{Desk: newEvaluationDesk(), Now: time.Now}
	ofMajority, err := evaluation.Run(ctx, evaluation.Majority(messages), messages, options)
	if err != nil {
		return report, fmt.Errorf("ai-eval: answer as the majority: %w", err)
	}
	figures := evaluation.Score(ofMajority, evaluation.Price{}).Figures()
	report.Majority = &figures
	return report, nil
}

// newEvaluationDesk returns the helpdesk whose customers are supposed to have written the messages.
func newEvaluationDesk() analysis.Desk {
	return analysis.Desk{Language: "en", Intents: analysis.DefaultIntents()}
}

// readMessages returns the labelled messages, and the name of their set for the report.
func (c aiEvalCommand) readMessages() (all []evaluation.Message, name string, err error) {
	if c.Set == "" {
		set := evaluation.Set(c.Half)
		all, err = evaluation.ReadSet(set)
		return all, setTitle(set), err
	}

	from := io.Reader(os.Stdin)
	if c.Set != "-" {
		file, err := os.Open(c.Set)
		if err != nil {
			return nil, "", fmt.Errorf("ai-eval: labelled messages: %w", err)
		}
		defer file.Close() //nolint:errcheck // it was only read
		from = file
	}

	all, err = evaluation.Read(c.Set, from)
	return all, c.Set, err
}

// setTitle returns the name of one of Parley's own sets for the report.
func setTitle(set evaluation.Set) string {
	switch set {
	case evaluation.Dev, evaluation.Unseen:
		return "the " + string(set) + " half"
	case evaluation.All:
		return "both halves"
	case evaluation.Dev2, evaluation.Dev3, evaluation.Check, evaluation.Check2, evaluation.Check3:
	}
	return "the set " + string(set)
}

// meteredModel is a model that reports how many requests and tokens it has used.
type meteredModel struct{ *openai.Analyzer }

// Usage implements evaluation.Metered.
func (m meteredModel) Usage() (calls, promptTokens, answerTokens int) {
	s := m.Stats()
	return int(s.Requests), int(s.TokensIn), int(s.TokensOut)
}

// write writes the figures to the file that --json names. It does nothing without the flag.
func (c aiEvalCommand) write(report evaluation.Report) error {
	if c.JSON == "" {
		return nil
	}
	raw, err := json.MarshalIndent(report, "", "  ")
	if err == nil {
		err = os.WriteFile(c.JSON, append(raw, '\n'), 0o644) //nolint:gosec // figures are no secret
	}
	if err != nil {
		return fmt.Errorf("ai-eval: write the figures: %w", err)
	}
	return nil
}
