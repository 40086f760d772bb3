package schema_test

import (
	"testing"

	"parley/store/storetest"
)

var check, exec = storetest.Check, storetest.Exec

func must[T any](v T, err error) func(testing.TB) T { return storetest.Must(v, err) }
