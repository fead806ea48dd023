package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"
)

// Piece is a mail that came and did something, or a letter that went out.
type Piece struct {
	At     time.Time // received, or sent
	Mail   int64     // 0: it is a letter
	Serial int64
}

// Mailbag hands the mails and letters of teams to f in order of time, those of
// one task or, for 0, of all. Their bytes are for Raw and PostBySerial to
// bring, one at a time.
func (d *DB) Mailbag(ctx context.Context, teams []string, task int, f func(Piece) error) error {
	list, err := json.Marshal(teams)
	if err != nil {
		return err
	}
	return d.read(ctx, "list mails and letters", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT min(at) AS at,
			       mail,
			       0 AS serial
			  FROM event
			 WHERE team IN (SELECT value FROM json_each(?1))
			   AND (task = ?2 OR ?2 = 0)
			   AND mail IS NOT NULL
			 GROUP BY mail
			UNION ALL
			SELECT closed,
			       0,
			       serial
			  FROM post
			 WHERE team IN (SELECT value FROM json_each(?1))
			   AND (task = ?2 OR ?2 = 0)
			   AND state = 'sent'
			 ORDER BY 1, 3, 2`, string(list), task)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p Piece
			if err := rows.Scan(moment{&p.At}, &p.Mail, &p.Serial); err != nil {
				return err
			}
			if err := f(p); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}
