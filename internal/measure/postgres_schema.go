package main

// schema is what PostgreSQL redeems with: a row a code with room for its newer
// versions on the same page, a row a redemption with the answer of its key, a row
// a customer of a code. The function does what the script of Redis does, in one
// transaction; the conditional UPDATE is the lock.
const schema = `
CREATE TABLE voucher (
  code text PRIMARY KEY,
  active boolean NOT NULL DEFAULT true,
  valid_from timestamptz NOT NULL DEFAULT '-infinity',
  valid_until timestamptz NOT NULL DEFAULT 'infinity',
  quantity bigint,
  used bigint NOT NULL DEFAULT 0,
  each_customer bigint,
  percent bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE redemption (
  code text NOT NULL,
  key text NOT NULL,
  customer text NOT NULL,
  amount bigint NOT NULL,
  discount bigint NOT NULL,
  at timestamptz NOT NULL,
  answer text NOT NULL,
  PRIMARY KEY (code, key)
);
CREATE TABLE customer_use (
  code text NOT NULL,
  customer text NOT NULL,
  used bigint NOT NULL,
  PRIMARY KEY (code, customer)
) WITH (fillfactor = 50);
CREATE FUNCTION redeem(the_code text, the_key text, the_customer text, the_amount bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  stored text;
  v voucher%ROWTYPE;
  less bigint;
BEGIN
  SELECT answer INTO stored FROM redemption WHERE code = the_code AND key = the_key;
  IF FOUND THEN RETURN stored; END IF;
  UPDATE voucher SET used = used + 1
    WHERE code = the_code AND active AND now() >= valid_from AND now() < valid_until AND (quantity IS NULL OR used < quantity)
    RETURNING * INTO v;
  IF NOT FOUND THEN
    SELECT * INTO v FROM voucher WHERE code = the_code;
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    IF NOT v.active THEN RETURN 'voucher_disabled'; END IF;
    IF now() < v.valid_from THEN RETURN 'voucher_not_active'; END IF;
    IF now() >= v.valid_until THEN RETURN 'voucher_expired'; END IF;
    RETURN 'quantity_exceeded';
  END IF;
  IF the_customer <> '' THEN
    INSERT INTO customer_use AS c VALUES (the_code, the_customer, 1)
      ON CONFLICT (code, customer) DO UPDATE SET used = c.used + 1 WHERE v.each_customer IS NULL OR c.used < v.each_customer;
    IF NOT FOUND THEN RAISE EXCEPTION 'quantity_exceeded'; END IF;
  END IF;
  less := (the_amount * v.percent + 5000) / 10000;
  stored := format('{"id":"%s#%s","result":"SUCCESS","amount":%s,"discount_amount":%s,"total_amount":%s}',
    the_code, v.used, the_amount, less, the_amount - less);
  INSERT INTO redemption VALUES (the_code, the_key, the_customer, the_amount, less, now(), stored);
  RETURN stored;
END $$;
`

// redeemCall is prepared once a connection.
const redeemCall = `SELECT redeem($1, $2, $3, $4)`
