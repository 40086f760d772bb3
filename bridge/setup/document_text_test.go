package setup

import "testing"

func TestExpand(t *testing.T) {
	t.Parallel()
	variables := map[string]string{"A": "one", "B_2": "two", "EMPTY": ""}
	env := func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	}
	for raw, want := range map[string]string{
		"plain $5 and $NAME":  "plain $5 and $NAME",
		"${A}${B_2}":          "onetwo",
		"x${A}y":              "xoney",
		"$${A}":               "${A}",
		"${EMPTY}":            "",
		"{A} $A} }":           "{A} $A} }",
		Escape("a ${A} $${b"): "a ${A} $${b",
	} {
		r := &Reader{Env: env}
		if got := r.expand(raw, "", Position{}); got != want || len(r.Faults) > 0 {
			t.Errorf("expand(%q) = %q %v, want %q", raw, got, r.Faults, want)
		}
	}
}
