package app

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline"
	"parley/bridge/analysis/openai"
)

// defaultModel is the model if OPENAI_MODEL names none.
const defaultModel = "gpt-4o-mini"

// AIEnv is what the environment says about a model that reads what customers write.
type AIEnv struct {
	Key     openai.Key
	BaseURL string // "" if the provider's own
	Model   string

	Timeout    time.Duration // of one analysis
	TokensADay int           // what a model may cost an account in a day, unless the account has a limit of its own; 0 means no limit
}

// readAI reads the variables, and checks them.
func readAI(v *variables) AIEnv {
	const mostSeconds = 45 // as long as one attempt at an analysis has
	seconds, err := strconv.Atoi(v.textOr("PARLEY_AI_TIMEOUT", "20"))
	if err != nil || seconds < 1 || seconds > mostSeconds {
		v.addFault("PARLEY_AI_TIMEOUT isn't a number of seconds from 1 to %d", mostSeconds)
	}

	limit, err := strconv.Atoi(v.textOr("PARLEY_AI_TOKENS_A_DAY", "0"))
	if err != nil || limit < 0 {
		v.addFault("PARLEY_AI_TOKENS_A_DAY isn't a number of tokens; 0 is no limit")
	}

	key, address, model := v.text("OPENAI_API_KEY"), v.text("OPENAI_BASE_URL"), v.textOr("OPENAI_MODEL", defaultModel)
	if key == "" && address == "" { // no model is configured, whatever OPENAI_MODEL says
		return AIEnv{}
	}

	e := AIEnv{
		Key:        openai.NewKey(key),
		BaseURL:    address,
		Model:      model,
		Timeout:    time.Duration(seconds) * time.Second,
		TokensADay: limit,
	}
	if err := e.modelOptions(nil).Check(); err != nil {
		v.addFault("OPENAI_BASE_URL, OPENAI_API_KEY: %w", err)
	}

	return e
}

func (e *AIEnv) modelOptions(log *slog.Logger) openai.Options {
	return openai.Options{Key: e.Key, BaseURL: e.BaseURL, Model: e.Model, Timeout: e.Timeout, Mask: true, Logger: log}
}

// NewModel makes the model that the environment names, without a fallback; nil if it names none.
func NewModel(ctx context.Context, env Env, log *slog.Logger) (*openai.Analyzer, error) {
	if env.AI.Model == "" {
		return nil, nil //nolint:nilnil // that there is none isn't a fault
	}
	return openai.New(ctx, env.AI.modelOptions(log))
}

// NewAnalyzer makes the analyzer of customers' messages: the model that the environment names, with the offline analyzer as its
// fallback; or the offline analyzer alone. end must be called when nothing is analysed any more.
func NewAnalyzer(ctx context.Context, env Env, log *slog.Logger) (a analysis.Analyzer, end func(), err error) {
	rules := offline.New()
	if env.AI.Model == "" {
		return rules, func() {}, nil
	}

	o := env.AI.modelOptions(log)
	o.Fallback = rules
	model, err := openai.New(ctx, o)
	if err != nil {
		return nil, nil, err
	}

	return model, func() {
		if err := model.Close(); err != nil {
			log.Warn("the model was not left in order", "error", err)
		}
	}, nil
}
