package graph

import (
	"errors"
	"net/http"
	"testing"
)

// The code of a refusal counts although other fields have another type than usual: error_data is a text in many of Graph's answers.
func TestRefusalOfAnotherShape(t *testing.T) {
	t.Parallel()
	err := readRefusal(http.StatusBadRequest, http.Header{}, []byte(
		`{"error":{"message":"No","type":"OAuthException","code":10,"error_subcode":2018278,"error_data":"{\"blame_field_specs\":[[\"\"]]}",`+
			`"is_transient":false}}`))
	var refused *Error
	if !errors.As(err, &refused) {
		t.Fatalf("got %#v, want an *Error", err)
	}
	wantEqual(t, "it has a code", refused.HasCode, true)
	wantEqual(t, "code", refused.Code, 10)
	wantEqual(t, "subcode", refused.Subcode, 2018278)
}

func TestRead(t *testing.T) {
	t.Parallel()
	var v struct {
		N    int
		Text string
		Deep struct{ Flag bool }
		D, E Decimal
		F    Decimal
	}
	if err := Read([]byte(`{"n":"x","text":"kept","deep":{"flag":1},"d":"9.50","e":"NaN","f":"Infinity"}`), &v); err != nil {
		t.Error(err)
	}
	wantEqual(t, "text beside fields of other types", v.Text, "kept")
	wantEqual(t, "decimal", v.D.Value, 9.5)
	wantEqual(t, "a decimal that isn't a number is known", v.E.Known, false)
	wantEqual(t, "a decimal that is infinite is known", v.F.Known, false)
	for _, bad := range []string{``, `{`, `"text"`, `[1]`} {
		if Read([]byte(bad), &v) == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
