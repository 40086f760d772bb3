package retention_test

import (
	"testing"

	"parley/store/storetest"
)

var check, exec, row = storetest.Check, storetest.Exec, storetest.Row

func must[T any](v T, err error) func(testing.TB) T { return storetest.Must(v, err) }
