-- updated_at is a row's version: every UPDATE gets the clock's reading, so that of two versions the later one is known to be later,
-- also within one transaction (now() would stand still there).

create function backoffice.set_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at = clock_timestamp();
  return new;
end $$;

create function commerce.set_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at = clock_timestamp();
  return new;
end $$;

create function operations.set_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at = clock_timestamp();
  return new;
end $$;

create function communications.set_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at = clock_timestamp();
  return new;
end $$;

create trigger set_updated_at before update on backoffice.operators for each row execute function backoffice.set_updated_at();
create trigger set_updated_at before update on backoffice.person_profiles for each row execute function backoffice.set_updated_at();
create trigger set_updated_at before update on backoffice.tour_templates for each row execute function backoffice.set_updated_at();
create trigger set_updated_at before update on backoffice.boarding_points for each row execute function backoffice.set_updated_at();
create trigger set_updated_at before update on commerce.tour_offerings for each row execute function commerce.set_updated_at();
create trigger set_updated_at before update on commerce.bookings for each row execute function commerce.set_updated_at();
create trigger set_updated_at before update on commerce.passengers for each row execute function commerce.set_updated_at();
create trigger set_updated_at before update on commerce.payments for each row execute function commerce.set_updated_at();
create trigger set_updated_at before update on commerce.ancillaries for each row execute function commerce.set_updated_at();
create trigger set_updated_at before update on commerce.tickets for each row execute function commerce.set_updated_at();
create trigger set_updated_at before update on commerce.checkout_sessions for each row execute function commerce.set_updated_at();
create trigger set_updated_at before update on operations.service_legs for each row execute function operations.set_updated_at();
create trigger set_updated_at before update on communications.channel_accounts for each row execute function communications.set_updated_at();
create trigger set_updated_at before update on communications.contacts for each row execute function communications.set_updated_at();
create trigger set_updated_at before update on communications.conversations for each row execute function communications.set_updated_at();
create trigger set_updated_at before update on communications.messages for each row execute function communications.set_updated_at();
create trigger set_updated_at before update on backoffice.legal_holds for each row execute function backoffice.set_updated_at();
