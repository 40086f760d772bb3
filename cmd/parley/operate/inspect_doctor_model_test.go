package operate_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/analysis"
	"parley/cmd/parley/operate"
	"parley/store"
)

// refusedKey is the condition of a model whose server doesn't accept the API key.
func refusedKey() analysis.Condition {
	return analysis.Condition{
		Status: analysis.Broken,
		Text:   "The model's server doesn't accept the API key (401).",
		Hint:   "Check the key.",
	}
}

// reportModel stores a condition of the model, as parley serve does.
func reportModel(t *testing.T, pool *pgxpool.Pool, c analysis.Condition) {
	t.Helper()
	inspectCheck(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		_, err := store.ReportAI(t.Context(), tx, store.AICondition{Status: string(c.Status), Text: c.Text, Hint: c.Hint})
		return err
	}))
}

// The doctor shows both what it finds itself and what parley serve found before.
func TestDoctorOfAModelThatAnswers(t *testing.T) {
	t.Parallel()
	o := operate.Options{Pool: newOptions(t).Pool, Model: fakeModel{Status: analysis.Working}}

	report := operate.Doctor(t.Context(), o)

	checkHas(t, report, "✓ model: it answers", "✓ condition: parley serve has not asked it yet")
	checkSectionWorks(t, report, "analysis")
}

// If the model can't be used, the doctor says so with a hint. It doesn't call that broken, since everything else works.
func TestDoctorOfAModelThatRefuses(t *testing.T) {
	t.Parallel()
	o := operate.Options{Pool: newOptions(t).Pool, Model: fakeModel(refusedKey())}
	reportModel(t, o.Pool, refusedKey())

	report := operate.Doctor(t.Context(), o)

	checkHas(t, report,
		"! model: The model's server doesn't accept the API key (401).",
		"Check the key.",
		"! condition: since 20", // the first digits of the year
	)
	checkSectionWorks(t, report, "analysis")
}
