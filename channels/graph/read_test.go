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
		`{"error":{"message":"No","type":"OAuthException","code":10,"error_subcode":2018278,"error_data":"{\"blame_field_specs\":[[\"\"]]}","is_transient":false}}`))
	var refused *Error
	if !errors.As(err, &refused) || !refused.Coded || refused.Code != 10 || refused.Subcode != 2018278 {
		t.Errorf("%#v", err)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	var v struct {
		N    int
		Text string
		Deep struct{ Flag bool }
		D, E Decimal
	}
	if err := Read([]byte(`{"n":"x","text":"kept","deep":{"flag":1},"d":"9.50","e":"NaN"}`), &v); err != nil || v.Text != "kept" || v.D.Value != 9.5 || v.E.Known {
		t.Errorf("%+v, %v", v, err)
	}
	for _, bad := range []string{``, `{`, `"text"`, `[1]`} {
		if Read([]byte(bad), &v) == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
