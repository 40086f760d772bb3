package relay_test

import (
	"context"
	"testing"
)

// When the database goes away under a batch, nothing of it overtakes what could not be
// stored: its source brings both again, in order.
func TestAcceptKeepsOrderWithoutDatabase(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	s.exec(`CREATE SEQUENCE cuts`)
	s.exec(`CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF NEW.external_id = 'first' AND nextval('cuts') <= 2 THEN
				PERFORM pg_terminate_backend(pg_backend_pid());
			END IF;
			RETURN NEW;
		END $$`)
	s.exec(`CREATE TRIGGER cut BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION cut()`)
	s.start()
	tries := 0
	for ; tries < 9; tries++ {
		if s.Accept(context.Background(), 7, fact("k", "first"), fact("k", "second")) == nil {
			break
		}
	}
	if tries == 0 {
		t.Error("the database never went away")
	}
	s.applied7(2)
	if got := s.order("k"); got != "first second" {
		t.Errorf("applied: %s", got)
	}
}
