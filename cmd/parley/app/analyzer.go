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

// defaultModel is used if OPENAI_MODEL names no model.
const defaultModel = "gpt-4o-mini"

// AIEnv configures the language model that analyses what customers write: it finds out the language and the intent of
// "Wo bleibt mein Paket?", for example. The zero value means that no model is configured. Parley then analyses
// messages by its own rules, without a network (package offline).
type AIEnv struct {
	Key     openai.Key
	BaseURL string // of any server with OpenAI's API; "" means OpenAI's own
	Model   string

	Timeout    time.Duration // of one analysis
	TokensADay int           // the most tokens that an account without a limit of its own may use in a day; 0 means no limit
}

// readAI reads and checks the variables of a model.
func readAI(v *variables) AIEnv {
	const maxSeconds = 45 // the time that one attempt at an analysis has
	seconds, err := strconv.Atoi(v.textOr("PARLEY_AI_TIMEOUT", "20"))
	if err != nil || seconds < 1 || seconds > maxSeconds {
		v.addFault("PARLEY_AI_TIMEOUT isn't a number of seconds from 1 to %d", maxSeconds)
	}

	limit, err := strconv.Atoi(v.textOr("PARLEY_AI_TOKENS_A_DAY", "0"))
	if err != nil || limit < 0 {
		v.addFault("PARLEY_AI_TOKENS_A_DAY isn't a number of tokens; 0 is no limit")
	}

	key := v.text("OPENAI_API_KEY")
	address := v.text("OPENAI_BASE_URL")
	model := v.textOr("OPENAI_MODEL", defaultModel)
	isConfigured := key != "" || address != "" // a name of a model alone configures none
	if !isConfigured {
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

// NewModel returns the model that the environment configures, without a fallback; nil if it configures none. The
// caller must close it.
func NewModel(ctx context.Context, env Env, log *slog.Logger) (*openai.Analyzer, error) {
	if env.AI.Model == "" {
		return nil, nil //nolint:nilnil // a missing model isn't an error
	}
	return openai.New(ctx, env.AI.modelOptions(log))
}

// NewAnalyzer returns the analyzer of customers' messages. It is the model that the environment configures, with the
// offline analyzer as its fallback, or else the offline analyzer alone. The caller must call end when it no longer
// uses the analyzer.
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
