-- One operator, two persons, one tour, told through every table of the platform. Whatever must never leave it says "geheim".
set timezone to 'Asia/Tokyo';
insert into backoffice.operators (id, name) values ('00000000-0000-0000-0000-00000000000a', 'Geheim Reisen');
insert into backoffice.person_profiles (id, tenant_id, first_name, last_name, email, phone, date_of_birth, dietary_needs, marketing_consent, locale) values
  ('00000000-0000-0000-0000-000000000101', '00000000-0000-0000-0000-00000000000a', 'Erika', 'Geheim', 'erika@geheim.example', '+49 geheim', '1961-02-03', 'geheim', true, 'de-DE'),
  ('00000000-0000-0000-0000-000000000102', '00000000-0000-0000-0000-00000000000a', 'Max', 'Geheim', null, null, null, 'geheim', false, 'de-AT');
insert into backoffice.tour_templates (id, tenant_id, title, region, category, duration_days, tags) values
  ('00000000-0000-0000-0000-000000000201', '00000000-0000-0000-0000-00000000000a', 'Nordsee', 'Nordsee', 'KUR', 4, '{meer,ruhe}');
insert into backoffice.boarding_points (id, tenant_id, label, zone_label) values
  ('00000000-0000-0000-0000-000000000202', '00000000-0000-0000-0000-00000000000a', 'ZOB', 'A');
insert into commerce.tour_offerings (id, tenant_id, tour_departure_id, tour_template_id, title, region, start_date, end_date, list_price) values
  ('00000000-0000-0000-0000-000000000203', '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000204', '00000000-0000-0000-0000-000000000201', 'Nordsee', 'Nordsee', '2025-05-01', '2025-05-04', 10000000);
insert into commerce.checkout_sessions (id, tenant_id, tour_offering_id, booker_profile_id, status, cart_amount, currency, expires_at) values
  ('00000000-0000-0000-0000-000000000300', '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000203', '00000000-0000-0000-0000-000000000101', 'EXPIRED', 0.05, 'EUR', '2025-01-01 10:00+00');
insert into commerce.bookings (id, tenant_id, tour_offering_id, status, reference_number, booker_profile_id, passenger_count, total_amount, deposit_amount, booked_at) values
  ('00000000-0000-0000-0000-000000000301', '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000203', 'PENDING_PAYMENT', 'GEHEIM-1', '00000000-0000-0000-0000-000000000101', 2, 12345678.90, 0.05, '2025-02-01 09:00:00.123456+01');
insert into commerce.passengers (id, tenant_id, booking_id, person_profile_id, first_name, last_name, email, phone, pickup_address, is_primary_contact, boarding_point_id, seat_label) values
  ('00000000-0000-0000-0000-000000000302', '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000301', '00000000-0000-0000-0000-000000000101', 'Erika', 'Geheim', 'geheim', 'geheim', 'Geheimweg 1', true, '00000000-0000-0000-0000-000000000202', '7A'),
  ('00000000-0000-0000-0000-000000000303', '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000301', '00000000-0000-0000-0000-000000000102', 'Max', 'Geheim', null, null, null, false, '00000000-0000-0000-0000-000000000202', '7B');
insert into commerce.tickets (id, tenant_id, booking_id, passenger_id, qr_hash) values
  ('00000000-0000-0000-0000-000000000304', '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000301', '00000000-0000-0000-0000-000000000302', 'geheim');
update commerce.bookings set status = 'DEPOSIT_PAID';
insert into commerce.payments (id, tenant_id, booking_id, payment_type, status, amount) values
  ('00000000-0000-0000-0000-000000000305', '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000301', 'DEPOSIT', 'PENDING', 0.05);
update commerce.payments set status = 'COMPLETED', received_at = '2025-02-02 00:00+00';
insert into commerce.domain_events (event_id, tenant_id, event_type, occurred_at, payload) values
  ('00000000-0000-0000-0000-000000000306', '00000000-0000-0000-0000-00000000000a', 'PaymentReceived', '2025-03-01 12:00+00',
   '{"event_id": "00000000-0000-0000-0000-000000000306", "tenant_id": "00000000-0000-0000-0000-00000000000a", "payment_id": "00000000-0000-0000-0000-000000000307",
     "booking_id": "00000000-0000-0000-0000-000000000301", "payment_type": "FINAL_PAYMENT", "amount": 100.00, "currency": "EUR", "payer_name": "Erika Geheim"}');
insert into commerce.ancillaries (id, tenant_id, booking_id, type, label, total_amount, purchase_phase, purchased_at) values
  ('00000000-0000-0000-0000-000000000308', '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000301', 'INSURANCE', 'geheim', 1234.50, 'POST_BOOKING', '2025-03-02 12:00+00');
insert into operations.service_legs (id, tenant_id, tour_offering_id, tour_departure_id, leg_type, status) values
  ('00000000-0000-0000-0000-000000000401', '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000203', '00000000-0000-0000-0000-000000000204', 'PICKUP', 'COMPLETED');
insert into operations.boarding_events (id, tenant_id, service_leg_id, tour_departure_id, ticket_id, boarding_point_id, seat_label, boarded_at, synced_at) values
  ('00000000-0000-0000-0000-000000000402', '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000401', '00000000-0000-0000-0000-000000000204', '00000000-0000-0000-0000-000000000304', '00000000-0000-0000-0000-000000000202', '7A', '2025-05-01 06:00+02', '2025-05-01 11:00+02');
insert into operations.onboard_sales (id, tenant_id, service_leg_id, tour_departure_id, ticket_id, items, total_amount, sold_at, synced_at) values
  ('00000000-0000-0000-0000-000000000403', '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000401', '00000000-0000-0000-0000-000000000204', '00000000-0000-0000-0000-000000000304', '[{"geheim": 1}]', 4.50, '2025-05-01 08:00+02', '2025-05-01 11:00+02');
update commerce.bookings set status = 'COMPLETED';
insert into commerce.trip_feedback (id, tenant_id, booking_id, person_profile_id, tour_departure_id, nps_score, rating, comment, submitted_at) values
  ('00000000-0000-0000-0000-000000000404', '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000301', '00000000-0000-0000-0000-000000000101', '00000000-0000-0000-0000-000000000204', 9, 5, 'geheim', '2025-05-06 10:00+02');
insert into communications.channel_accounts (id, tenant_id, channel_type, status) values
  ('00000000-0000-0000-0000-000000000501', '00000000-0000-0000-0000-00000000000a', 'WHATSAPP', 'ACTIVE');
insert into communications.contacts (id, tenant_id, person_profile_id, name, identifiers) values
  ('00000000-0000-0000-0000-000000000502', '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000101', 'Erika Geheim', '["geheim"]');
insert into communications.conversations (id, tenant_id, contact_id, status) values
  ('00000000-0000-0000-0000-000000000503', '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000502', 'OPEN');
insert into communications.messages (id, tenant_id, conversation_id, channel_account_id, direction, rendered_content, status, sent_at) values
  ('00000000-0000-0000-0000-000000000504', '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000503', '00000000-0000-0000-0000-000000000501', 'INBOUND', 'geheim', 'RECEIVED', now());
update backoffice.person_profiles set first_name = 'Geheimer', dietary_needs = 'mehr Geheimes';
insert into backoffice.legal_holds (id, tenant_id, entity_type, entity_id, reason_code) values
  ('00000000-0000-0000-0000-000000000505', '00000000-0000-0000-0000-00000000000a', 'person', '00000000-0000-0000-0000-000000000102', 'geheim');
