/** Views, functions, procedures, triggers and the event of the shop, each after those it uses. */
export const programs = (tomorrow: string): readonly string[] => [
  `CREATE VIEW product_sales AS
   SELECT p.id, p.name, p.category_id, COUNT(DISTINCT i.order_id) AS orders, COALESCE(SUM(i.quantity), 0) AS sold, COALESCE(SUM(i.amount), 0) AS revenue
   FROM products p JOIN variants v ON v.product_id = p.id LEFT JOIN order_items i ON i.variant_id = v.id GROUP BY p.id, p.name, p.category_id`,
  `CREATE VIEW category_sales AS
   SELECT c.name AS category, COUNT(*) AS products, SUM(s.sold) AS sold, SUM(s.revenue) AS revenue
   FROM product_sales s JOIN categories c ON c.id = s.category_id GROUP BY c.name`,
  `CREATE VIEW monthly_revenue AS
   SELECT DATE_FORMAT(placed_at, '%Y-%m') AS month, COUNT(*) AS orders, SUM(total) AS revenue
   FROM orders WHERE status <> 'cancelled' GROUP BY DATE_FORMAT(placed_at, '%Y-%m')`,
  `CREATE VIEW low_stock AS
   SELECT v.sku, p.name, v.label, SUM(s.quantity) AS quantity FROM stock s JOIN variants v ON v.id = s.variant_id JOIN products p ON p.id = v.product_id
   GROUP BY v.sku, p.name, v.label HAVING SUM(s.quantity) < 60`,
  `CREATE FUNCTION customer_spent(customer BIGINT UNSIGNED) RETURNS DECIMAL(12,2) READS SQL DATA
   RETURN (SELECT COALESCE(SUM(total), 0) FROM orders WHERE customer_id = customer AND status <> 'cancelled')`,
  `CREATE FUNCTION in_stock(variant BIGINT UNSIGNED) RETURNS INT READS SQL DATA
   RETURN (SELECT COALESCE(SUM(quantity), 0) FROM stock WHERE variant_id = variant)`,
  `CREATE PROCEDURE receive_delivery(IN warehouse BIGINT UNSIGNED, IN variant BIGINT UNSIGNED, IN pieces INT)
   BEGIN
     IF pieces <= 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'A delivery has at least one piece; nothing was booked'; END IF;
     INSERT IGNORE INTO stock (warehouse_id, variant_id, quantity) VALUES (warehouse, variant, 0);
     INSERT INTO stock_movements (warehouse_id, variant_id, quantity, reason, moved_at) VALUES (warehouse, variant, pieces, 'delivery', NOW());
   END`,
  `CREATE PROCEDURE send_order(IN which BIGINT UNSIGNED, IN by_carrier VARCHAR(40) CHARACTER SET utf8mb4)
   BEGIN
     INSERT INTO shipments (order_id, carrier, tracking, sent_at) VALUES (which, by_carrier, CONCAT('MF', LPAD(which, 10, '0')), NOW());
     UPDATE orders SET status = 'sent' WHERE id = which;
   END`,
  `CREATE TRIGGER stock_moves AFTER INSERT ON stock_movements FOR EACH ROW
   UPDATE stock SET quantity = quantity + NEW.quantity WHERE warehouse_id = NEW.warehouse_id AND variant_id = NEW.variant_id`,
  `CREATE TRIGGER item_priced BEFORE INSERT ON order_items FOR EACH ROW SET NEW.amount = NEW.quantity * NEW.unit_price`,
  `CREATE TRIGGER item_added AFTER INSERT ON order_items FOR EACH ROW
   BEGIN
     UPDATE orders SET total = total + NEW.amount WHERE id = NEW.order_id;
     INSERT INTO stock_movements (warehouse_id, variant_id, quantity, reason, moved_at) VALUES (1, NEW.variant_id, -NEW.quantity, 'sale', NOW());
   END`,
  `CREATE TRIGGER item_removed AFTER DELETE ON order_items FOR EACH ROW
   UPDATE orders SET total = total - OLD.amount WHERE id = OLD.order_id`,
  `CREATE TRIGGER email_in_lower_case BEFORE INSERT ON customers FOR EACH ROW SET NEW.email = LOWER(NEW.email)`,
  // Ten years: on a shop that stands on a server with the scheduler on, it finds nothing to do.
  `CREATE EVENT forget_old_carts ON SCHEDULE EVERY 1 DAY STARTS '${tomorrow}' COMMENT 'Empties carts nobody came back for 🛒'
   DO DELETE FROM carts WHERE changed_at < NOW() - INTERVAL 10 YEAR`,
];
