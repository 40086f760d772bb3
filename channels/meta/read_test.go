package meta

import "testing"

func TestRead(t *testing.T) {
	t.Parallel()
	var v struct {
		N    int
		Text string
		Deep struct{ Flag bool }
		D, E decimal
		F    decimal
	}
	if err := readJSON([]byte(`{"n":"x","text":"kept","deep":{"flag":1},"d":"9.50","e":"NaN","f":"Infinity"}`), &v); err != nil {
		t.Error(err)
	}
	wantEqual(t, "text beside fields of other types", v.Text, "kept")
	wantEqual(t, "decimal", v.D.Value, 9.5)
	wantEqual(t, "a decimal that isn't a number is known", v.E.Known, false)
	wantEqual(t, "a decimal that is infinite is known", v.F.Known, false)
	for _, bad := range []string{``, `{`, `"text"`, `[1]`} {
		if readJSON([]byte(bad), &v) == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
