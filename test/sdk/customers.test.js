import assert from 'node:assert/strict'
import { test } from 'node:test'
import sdk from '@voucherify/sdk'
import { refused, voucherify } from './scrip.js'

test('a customer is created, read, changed, listed and deleted', async () => {
  const made = await voucherify.customers.create({
    source_id: 'carol', name: 'Carol', email: 'carol@example.com', phone: '+49 731 1', description: 'first',
    address: { city: 'Ulm', country: 'DE', line_1: 'Platz 1', postal_code: '89073' }, metadata: { vip: true },
  })
  assert.match(made.id, /^cust_/)
  assert.equal(made.object, 'customer')
  assert.equal((await voucherify.customers.create({ source_id: 'carol', name: 'Carol C.' })).id, made.id)

  const read = await voucherify.customers.get('carol')
  assert.equal(read.id, made.id)
  assert.equal(read.name, 'Carol C.')
  assert.equal(read.address.city, 'Ulm')
  assert.equal(read.metadata.vip, true)
  assert.equal((await voucherify.customers.get(made.id)).source_id, 'carol')

  const changed = await voucherify.customers.update({ id: made.id, name: 'Carol D.', metadata: { vip: false } })
  assert.equal(changed.name, 'Carol D.')
  assert.equal(changed.email, 'carol@example.com')
  assert.equal((await voucherify.customers.update({ source_id: 'carol', description: 'second' })).description, 'second')

  const list = await voucherify.customers.list({ limit: 100 })
  assert.equal(list.data_ref, 'customers')
  assert.ok(list.customers.some((c) => c.id === made.id))

  await voucherify.customers.delete(made.id)
  await refused(voucherify.customers.get(made.id), 404, 'not_found')
})

test('scrolling meets every customer once, in both directions', async () => {
  const made = []
  for (let i = 0; i < 25; i++) made.push((await voucherify.customers.create({ source_id: `scroll-${i}` })).id)
  for (const order of ['created_at', '-created_at']) {
    const seen = []
    for await (const customer of voucherify.customers.scroll({ limit: 4, order })) {
      if (customer.source_id?.startsWith('scroll-')) seen.push(customer.id)
    }
    assert.deepEqual([...seen].sort(), [...made].sort(), `order ${order}`)
  }
})

test('a wrong key opens nothing', async () => {
  const stranger = sdk.VoucherifyServerSide({
    applicationId: process.env.SCRIP_APP_ID, secretKey: 'not-the-token', apiUrl: process.env.SCRIP_URL,
  })
  await refused(stranger.vouchers.list(), 401, 'unauthorized')
})
